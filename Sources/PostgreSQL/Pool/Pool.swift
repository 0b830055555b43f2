internal import Logging

/// The connections of a client: at most `maximumConnections`, made when somebody waits, given out newest first.
///
/// Unchecked: what changes is behind the lock.
final class Pool: @unchecked Sendable {
  private struct Waiter {
    var id: UInt64
    var since: UInt64
    var deadline: UInt64
    var continuation: CheckedContinuation<Result<Wire, any Error>, Never>
  }

  private let url: String
  let options: PostgresOptions
  private let logger: Logger
  private let lock = PosixLock()

  // Guarded by `lock`; times are taken under it too, so that none is later than one that is taken after it.
  private var idle: [(wire: Wire, since: UInt64)] = []
  /// Connections that are open, given out or idle.
  private var open = 0
  private var connecting = 0
  private var waiters: [Waiter] = []
  private var cancelled: Set<UInt64> = []
  private var lastID: UInt64 = 0
  private var failures = 0
  private var lastFailure: (any Error)?
  private var isBackingOff = false
  private var isReaping = false
  private var isExpiring = false
  private var isClosed = false
  private var emptied: [CheckedContinuation<Void, Never>] = []

  init(_ url: String, _ options: PostgresOptions, _ logger: Logger) {
    self.url = url
    self.options = options
    self.logger = logger
  }

  // MARK: Taking and giving back

  /// A connection, at once or when one becomes free or is made.
  /// - Throws: `PostgresUsageError.poolExhausted`, `ConnectionLost` (no server within `waitForServer`), `ConnectionRefused`, `CancellationError`.
  func acquire() async throws -> Wire {
    if let wire = try lock.withLock({ try takeIdle() }) { return wire }
    try Task.checkCancellation()
    let id = lock.withLock {
      lastID += 1
      return lastID
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { wait(id, $0) }
    } onCancel: {
      abandon(id)
    }
    if Task.isCancelled { _ = lock.withLock { cancelled.remove(id) } }
    return try result.get()
  }

  /// Gives a connection back. One that is lost, busy or in a transaction is closed.
  func release(_ wire: Wire) {
    let isReusable = wire.endScope()
    act {
      guard isReusable, !isClosed else {
        open -= 1
        return Actions(close: wire, wake: emptiedIfClosed())
      }
      return handOver(wire)
    }
  }

  /// Waits for the connections that are given out, and closes all. Waiters are told that the client is closed.
  func close() async {
    let (idle, waiters) = lock.withLock {
      isClosed = true
      let result = (self.idle, self.waiters)
      open -= self.idle.count
      self.idle = []
      self.waiters = []
      return result
    }
    for waiter in waiters { waiter.continuation.resume(returning: .failure(PostgresUsageError.closed)) }
    for (wire, _) in idle { wire.close(because: "the client is closed") }
    await withCheckedContinuation { continuation in
      let isEmpty = lock.withLock {
        if open + connecting > 0 { emptied.append(continuation) }
        return open + connecting == 0
      }
      if isEmpty { continuation.resume() }
    }
  }

  // MARK: Under the lock

  /// What is to be done after letting go of the lock.
  private struct Actions {
    var close: Wire?
    var wake: [CheckedContinuation<Void, Never>] = []
    var give: (Waiter, Result<Wire, any Error>)?
  }

  private func act(_ body: () -> Actions) {
    let actions = lock.withLock(body)
    actions.close?.close(because: "the connection is not needed any more")
    for continuation in actions.wake { continuation.resume() }
    if let (waiter, result) = actions.give { waiter.continuation.resume(returning: result) }
    connectIfNeeded()
  }

  private func takeIdle() throws -> Wire? {
    guard !isClosed else { throw PostgresUsageError.closed }
    guard waiters.isEmpty else { return nil }
    while let (wire, _) = idle.popLast() {
      if wire.isOpen { return wire }
      open -= 1
    }
    return nil
  }

  private func handOver(_ wire: Wire) -> Actions {
    if waiters.isEmpty {
      idle.append((wire, EventLoop.now()))
      reapLater()
      return Actions()
    }
    return Actions(give: (waiters.removeFirst(), .success(wire)))
  }

  private func emptiedIfClosed() -> [CheckedContinuation<Void, Never>] {
    guard isClosed, open + connecting == 0 else { return [] }
    defer { emptied = [] }
    return emptied
  }

  // MARK: Waiting

  private func wait(_ id: UInt64, _ continuation: CheckedContinuation<Result<Wire, any Error>, Never>) {
    let timeout = options.acquireTimeout
    let refusal: (Result<Wire, any Error>)? = lock.withLock {
      if isClosed { return .failure(PostgresUsageError.closed) }
      if cancelled.remove(id) != nil { return .failure(CancellationError()) }
      do {
        if let wire = try takeIdle() { return .success(wire) }
      } catch {
        return .failure(error)
      }
      let now = EventLoop.now()
      waiters.append(Waiter(id: id, since: now, deadline: now + timeout.nanoseconds, continuation: continuation))
      expireLater(now)
      return nil
    }
    if let refusal { return continuation.resume(returning: refusal) }
    connectIfNeeded()
  }

  /// One timer at a time, for the waiter that has waited longest; under the lock.
  private func expireLater(_ now: UInt64) {
    guard !isExpiring, let next = waiters.first?.deadline else { return }
    isExpiring = true
    let delay = Duration.nanoseconds(Int64(clamping: next > now ? next - now : 0))
    EventLoop.shared.after(delay) { [weak self] in self?.expire() }
  }

  private func abandon(_ id: UInt64) {
    let waiter: Waiter? = lock.withLock {
      guard let index = waiters.firstIndex(where: { $0.id == id }) else {
        cancelled.insert(id)
        return nil
      }
      return waiters.remove(at: index)
    }
    waiter?.continuation.resume(returning: .failure(CancellationError()))
  }

  private func expire() {
    let (late, failure) = lock.withLock {
      let now = EventLoop.now()
      isExpiring = false
      let late = waiters.filter { $0.deadline <= now }
      waiters.removeAll { $0.deadline <= now }
      expireLater(now)
      return (late, open == 0 ? lastFailure : nil)
    }
    let error = failure ?? PostgresUsageError.poolExhausted(limit: options.maximumConnections, waited: options.acquireTimeout)
    for waiter in late { waiter.continuation.resume(returning: .failure(error)) }
  }

  // MARK: Connecting

  private func connectIfNeeded() {
    let count = lock.withLock {
      guard !isClosed, !isBackingOff else { return 0 }
      // After a failure one attempt at a time, until one succeeds.
      let wanted = failures > 0 ? min(1, waiters.count) : waiters.count
      let count = max(0, min(wanted - connecting, max(1, options.maximumConnections) - open - connecting))
      connecting += count
      return count
    }
    for _ in 0..<count {
      Connector.connect(url, options, logger) { [weak self] result in
        guard let self else {
          if case .success(let wire) = result { wire.close(because: "the client is gone") }
          return
        }
        connected(result)
      }
    }
  }

  private func connected(_ result: Result<Wire, any Error>) {
    switch result {
    case .success(let wire):
      wire.whenLost { [weak self] in self?.lost($0) }
      act {
        connecting -= 1
        failures = 0
        lastFailure = nil
        guard !isClosed, wire.isOpen else { return Actions(close: wire, wake: emptiedIfClosed()) }
        open += 1
        return handOver(wire)
      }
    case .failure(let error): failed(error)
    }
  }

  private func failed(_ error: any Error) {
    let patience = options.waitForServer.nanoseconds
    var delay: Duration?
    let (gaveUp, continuations): ([Waiter], [CheckedContinuation<Void, Never>]) = lock.withLock {
      let now = EventLoop.now()
      connecting -= 1
      failures += 1
      lastFailure = error
      // Somebody else's connection may still become free: then it is only slower.
      let isHopeless = error is ConnectionRefused && open == 0
      let gaveUp = waiters.filter { isHopeless || (open == 0 && now - $0.since >= patience) }
      waiters.removeAll { waiter in gaveUp.contains { $0.id == waiter.id } }
      if !isBackingOff, !waiters.isEmpty {
        isBackingOff = true
        delay = options.backoff.delay(after: failures, fraction: .random(in: 0...1))
      }
      return (gaveUp, emptiedIfClosed())
    }
    logger.debug("cannot connect to PostgreSQL", metadata: ["error": "\(error)"])
    for waiter in gaveUp { waiter.continuation.resume(returning: .failure(error)) }
    for continuation in continuations { continuation.resume() }
    guard let delay else { return }
    EventLoop.shared.after(delay) { [weak self] in
      guard let self else { return }
      lock.withLock { isBackingOff = false }
      connectIfNeeded()
    }
  }

  /// A connection broke. An idle one is forgotten here, one that is given out when it comes back.
  private func lost(_ wire: Wire) {
    act {
      guard let index = idle.firstIndex(where: { $0.wire === wire }) else { return Actions() }
      idle.remove(at: index)
      open -= 1
      return Actions(wake: emptiedIfClosed())
    }
  }

  // MARK: Closing what nobody needs

  private func reapLater() {
    guard !isReaping else { return }
    isReaping = true
    EventLoop.shared.after(options.idleTimeout) { [weak self] in self?.reap() }
  }

  private func reap() {
    let limit = options.idleTimeout.nanoseconds
    let old = lock.withLock {
      let now = EventLoop.now()
      isReaping = false
      let old = idle.filter { now - $0.since >= limit }
      idle.removeAll { now - $0.since >= limit }
      open -= old.count
      if !idle.isEmpty { reapLater() }
      return old
    }
    for (wire, _) in old { wire.close(because: "it was idle for \(options.idleTimeout)") }
  }
}

extension Duration {
  /// Whole nanoseconds, at most 2^60 and at least 0.
  var nanoseconds: UInt64 {
    guard self > .zero else { return 0 }
    guard components.seconds < 1 << 30 else { return 1 << 60 }
    return UInt64(components.seconds) * 1_000_000_000 + UInt64(components.attoseconds / 1_000_000_000)
  }
}
