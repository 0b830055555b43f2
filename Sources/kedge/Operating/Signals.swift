internal import Dispatch
internal import Foundation
internal import Synchronization

/// Turns SIGINT and SIGTERM into the end of a task. A second one ends the process at once.
final class Signals: Sendable {
  private let count = Mutex(0)
  private let stop: @Sendable () -> Void

  private init(_ stop: @escaping @Sendable () -> Void) { self.stop = stop }

  /// Runs `body` in a task that the first signal cancels.
  static func cancelling(_ hurry: @escaping @Sendable () -> Void = {}, _ body: @escaping @Sendable () async throws -> Void) async throws {
    let task = Task { try await body() }
    let signals = Signals { task.cancel() }
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { signals.receive(hurry) }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    try await task.value
  }

  private func receive(_ hurry: @Sendable () -> Void) {
    let number = count.withLock { count in
      count += 1
      return count
    }
    if number == 1 {
      stop()
    } else {
      hurry()
    }
  }
}
