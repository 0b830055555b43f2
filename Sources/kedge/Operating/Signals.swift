internal import Dispatch
internal import Foundation
internal import Synchronization

/// Turns SIGINT and SIGTERM into the end of a task. A second one ends the process at once.
final class Signals: Sendable {
  private struct State {
    var count = 0
    var task: Task<Void, any Error>?
  }

  private let state = Mutex(State())

  /// Runs `body` in a task that the first signal cancels.
  static func cancelling(_ hurry: @escaping @Sendable () -> Void = {}, _ body: @escaping @Sendable () async throws -> Void) async throws {
    let signals = Signals()
    var sources: [any DispatchSourceSignal] = []
    defer { for source in sources { source.cancel() } }
    for number in [SIGINT, SIGTERM] {
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { signals.receive(hurry) }
      sources.append(source)
      // Nothing is done before signals are heard: until then they end the process, as they do by default. One that were ignored
      // meanwhile would be lost, and whoever sent it would wait for ever.
      await withCheckedContinuation { continuation in
        source.setRegistrationHandler { continuation.resume() }
        source.resume()
      }
    }
    try await signals.run(body).value
  }

  private func run(_ body: @escaping @Sendable () async throws -> Void) -> Task<Void, any Error> {
    state.withLock { state in
      let task = Task { try await body() }
      state.task = task
      if state.count > 0 { task.cancel() }
      return task
    }
  }

  private func receive(_ hurry: @Sendable () -> Void) {
    let isFirst = state.withLock { state in
      state.count += 1
      state.task?.cancel()
      return state.count == 1
    }
    if !isFirst { hurry() }
  }
}
