internal import CLinux
internal import Glibc

/// A thread for one call that may block: resolving a name, connecting, cancelling. The cooperative pool must never wait for these.
enum BlockingThread {
  /// Runs `body` on a thread of its own.
  /// - Returns: false when the system has no thread left; then `body` does not run.
  static func start(_ name: StaticString, _ body: @escaping @Sendable () -> Void) -> Bool {
    let job = Unmanaged.passRetained(Job(name: name, body: body))
    var thread = pthread_t()
    var all = sigset_t()
    var previous = sigset_t()
    // Signals meant for the process are handled by its other threads.
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    let failure = pthread_create(&thread, nil, blockingThreadMain, job.toOpaque())
    guard failure == 0 else {
      job.release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  fileprivate final class Job {
    let name: StaticString
    let body: @Sendable () -> Void

    init(name: StaticString, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}

private nonisolated func blockingThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  let job = Unmanaged<BlockingThread.Job>.fromOpaque(argument).takeRetainedValue()
  job.name.withUTF8Buffer { bytes in
    bytes.withMemoryRebound(to: CChar.self) { name in _ = name.baseAddress.map { kedge_set_thread_name($0) } }
  }
  job.body()
  return nil
}
