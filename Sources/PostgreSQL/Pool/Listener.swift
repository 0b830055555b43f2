internal import Logging

/// The one connection of a client on which it listens, for all channels. Made when somebody listens, made again with backoff when it breaks.
///
/// Unchecked: what changes is behind the lock. Streams are spoken to outside of it: to yield takes the lock of the task that reads, and a task that
/// is cancelled holds that one while it asks for ours.
final class Listener: @unchecked Sendable {
  private let url: String
  private let options: PostgresOptions
  private let logger: Logger
  private let lock = PosixLock()

  /// Rings when the channels change, when the connection breaks, and when all is over.
  private let doorbell = Doorbell()

  // Guarded by `lock`.
  private var subscribers: [String: [Int: AsyncStream<Notification>.Continuation]] = [:]
  /// The channels on which the present connection listens.
  private var listening: Set<String> = []
  private var lastID = 0
  private var task: Task<Void, Never>?
  private var isClosed = false

  /// How many notifications may wait for one reader; the oldest go. They are hints.
  private static let buffer = 1024

  init(_ url: String, _ options: PostgresOptions, _ logger: Logger) {
    self.url = url
    self.options = options
    self.logger = logger
  }

  func subscribe(to channel: String) -> AsyncStream<Notification> {
    let (stream, continuation) = AsyncStream.makeStream(of: Notification.self, bufferingPolicy: .bufferingNewest(Listener.buffer))
    let subscription: (id: Int, isListening: Bool)? = lock.withLock {
      guard !isClosed else { return nil }
      lastID += 1
      subscribers[channel, default: [:]][lastID] = continuation
      // It belongs to no task: it lives until the client is closed, whoever listens.
      if options.listening, task == nil { task = Task { await self.run() } }
      return (lastID, listening.contains(channel))
    }
    guard let (id, isListening) = subscription else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in self?.unsubscribe(id, from: channel) }
    if isListening { continuation.yield(Notification(kind: .listening, channel: channel, payload: "")) }
    doorbell.ring()
    return stream
  }

  func close() async {
    let (streams, task) = lock.withLock {
      isClosed = true
      defer { subscribers = [:] }
      return (subscribers.values.flatMap(\.values), self.task)
    }
    for stream in streams { stream.finish() }
    task?.cancel()
    doorbell.ring()
    await task?.value
  }

  private func unsubscribe(_ id: Int, from channel: String) {
    lock.withLock {
      subscribers[channel]?[id] = nil
      if subscribers[channel]?.isEmpty == true { subscribers[channel] = nil }
    }
    doorbell.ring()
  }

  private func run() async {
    var failures = 0
    while !Task.isCancelled {
      guard !channels.isEmpty else {
        await doorbell.wait()
        continue
      }
      do {
        let wire = try await Connector.connect(url, options, logger)
        defer { wire.close(because: "nobody listens any more") }
        try await serve(wire) { failures = 0 }
      } catch {
        failures += 1
        logger.debug("cannot listen to PostgreSQL", metadata: ["error": "\(error)", "failures": "\(failures)"])
        // Cut short by cancellation, which ends the loop.
        try? await Task.sleep(for: options.backoff.delay(after: failures, fraction: .random(in: 0...1)))
      }
    }
  }

  private var channels: Set<String> { lock.withLock { Set(subscribers.keys) } }

  /// Listens on this connection until nobody wants to, or it breaks.
  private func serve(_ wire: Wire, _ succeeded: () -> Void) async throws {
    wire.whenNotified { [weak self] in self?.deliver($0) }
    wire.whenLost { [doorbell] _ in doorbell.ring() }
    defer { lock.withLock { listening = [] } }
    while !Task.isCancelled {
      let wanted = channels
      guard !wanted.isEmpty else { return }
      guard wire.isOpen else { throw ConnectionLost(reason: "the connection for notifications broke", outcome: .nothingDone) }
      let current = lock.withLock { listening }
      for channel in current.subtracting(wanted) {
        lock.withLock { _ = listening.remove(channel) }
        _ = try await wire.run(.query(Query(unsafeSQL: "UNLISTEN \(quoted(channel))")), scope: nil)
      }
      for channel in wanted.subtracting(current) {
        _ = try await wire.run(.query(Query(unsafeSQL: "LISTEN \(quoted(channel))")), scope: nil)
        let streams = lock.withLock {
          listening.insert(channel)
          return subscribers[channel].map { Array($0.values) } ?? []
        }
        for stream in streams { stream.yield(Notification(kind: .listening, channel: channel, payload: "")) }
      }
      succeeded()
      await doorbell.wait()
    }
  }

  private func deliver(_ notification: Notification) {
    let streams = lock.withLock { subscribers[notification.channel].map { Array($0.values) } ?? [] }
    for stream in streams { stream.yield(notification) }
  }

  private func quoted(_ channel: String) -> String { "\"" + channel.replacing("\"", with: "\"\"") + "\"" }
}
