internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// Whether the task that waits for a thread has been cancelled.
struct Cancellation: Sendable {
  fileprivate let flag: Flag

  fileprivate final class Flag: Sendable {
    let raised = Atomic(false)
  }

  /// - Throws: `CancellationError`.
  func check() throws {
    if flag.raised.load(ordering: .relaxed) { throw CancellationError() }
  }
}

/// Runs what blocks (files, locks) on a thread of its own, because the cooperative pool has no thread to spare.
/// - Throws: what `body` throws; `CancellationError` only if `body` checks for it.
func onOwnThread<Value: Sendable>(
  _ name: StaticString, _ body: @escaping @Sendable (Cancellation) throws -> Value
) async throws -> Value {
  let flag = Cancellation.Flag()
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { continuation in
      let work = ThreadWork(name) { continuation.resume(with: Result { try body(Cancellation(flag: flag)) }) }
      if let refusal = work.start() { continuation.resume(throwing: refusal) }
    }
  } onCancel: {
    flag.raised.store(true, ordering: .relaxed)
  }
}

/// A closure on its way to a thread.
private final class ThreadWork: Sendable {
  private let name: StaticString
  private let body: @Sendable () -> Void

  init(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }

  /// - Returns: why there is no thread; nil when there is one.
  func start() -> Errno? {
    var thread = pthread_t()
    let this = Unmanaged.passRetained(self)
    let failure = pthread_create(&thread, nil, ThreadWork.run, this.toOpaque())
    guard failure == 0 else {
      this.release()
      return Errno(rawValue: failure)
    }
    pthread_detach(thread)
    return nil
  }

  private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    guard let context else { return nil }
    let work = Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue()
    kedge_set_thread_name(UnsafeRawPointer(work.name.utf8Start).assumingMemoryBound(to: CChar.self))
    work.body()
    return nil
  }
}
