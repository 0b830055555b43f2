internal import CLinux
internal import Dispatch

/// Runs what reads files and computes for long on a thread of its own: the pool of Swift concurrency has one for each core. The program ends
/// after it, so that memory which is freed meanwhile is kept for the next column.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  kedge_keep_freed_memory()
  return try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: .init(catching: body)) }
  }
}
