internal import Dispatch

/// Runs what blocks, or computes for long, on a thread of its own: the pool of Swift concurrency has a thread for each core, and
/// a heartbeat that waits for one loses its lease.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    blocking.async { continuation.resume(with: .init(catching: body)) }
  }
}

private let blocking = DispatchQueue(label: "kedge.blocking", attributes: .concurrent)
