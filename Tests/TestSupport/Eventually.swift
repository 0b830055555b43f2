/// Waits until a condition holds.
/// - Parameters:
///   - limit: how long at most.
///   - condition: asked every few milliseconds.
/// - Returns: whether it came to hold in time.
public func eventually(within limit: Duration = .seconds(60), _ condition: () async throws -> Bool) async throws -> Bool {
  let clock = ContinuousClock()
  let deadline = clock.now + limit
  while try await !condition() {
    guard clock.now < deadline else { return false }
    try await Task.sleep(for: .milliseconds(5))
  }
  return true
}
