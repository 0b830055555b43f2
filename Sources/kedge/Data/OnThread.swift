internal import Dispatch

/// Runs what reads files and computes for long on a thread of its own: the pool of Swift concurrency has one for each core.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: .init(catching: body)) }
  }
}
