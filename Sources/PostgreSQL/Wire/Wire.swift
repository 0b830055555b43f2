internal import CLibPQ
internal import Glibc
internal import Logging

/// One connection to the server: libpq in non-blocking mode, its socket watched by the event loop.
///
/// It does one operation at a time; others queue behind it. Everything that touches the `PGconn` holds `lock`: the thread that asks sends
/// the query, the event loop's thread reads the answer, and neither waits inside. Only `PQcancel` runs beside, on its own handle.
///
/// Unchecked: see above.
final class Wire: SocketHandler, @unchecked Sendable {
  let lock = PosixLock()
  let logger: Logger
  let cancelTimeout: Duration
  let backendID: Int32

  // Guarded by `lock`.
  var connection: OpaquePointer?
  var current: Operation?
  var statements: StatementCache
  private var queue: [Operation] = []
  private var scope = 0
  private var cancelsUnderWay = 0
  private var isFlushing = false
  private var socketKey: UInt64 = 0
  private let socket: Int32
  private let cancelHandle: CancelHandle
  private(set) var loss: ConnectionLost?
  private var lastWord: PostgresError?
  private var onLoss: (@Sendable (Wire) -> Void)?
  private var onNotification: (@Sendable (Notification) -> Void)?

  /// Takes over a connection that is open.
  /// - Throws: `ConnectionLost`, when the system refuses to watch the socket. The connection is then closed.
  init(adopting connection: OpaquePointer, options: PostgresOptions, logger: Logger) throws {
    self.logger = logger
    self.connection = connection
    cancelTimeout = options.cancelTimeout
    statements = StatementCache(limit: options.preparedStatements ? options.maximumPreparedStatements : 0)
    backendID = PQbackendPID(connection)
    socket = PQsocket(connection)
    cancelHandle = CancelHandle(PQgetCancel(connection))
    PQsetnonblocking(connection, 1)
    PQsetNoticeReceiver(connection, receiveNotice, Unmanaged.passUnretained(self).toOpaque())
    guard let key = EventLoop.shared.add(socket, self) else {
      PQfinish(connection)
      self.connection = nil
      throw ConnectionLost(reason: "the system has no descriptor or thread left to watch the connection", outcome: .nothingDone)
    }
    lock.withLock { socketKey = key }
  }

  deinit { if let connection { PQfinish(connection) } }

  /// Called once, not under the lock, when the connection has broken. If it has already, at once.
  func whenLost(_ action: @escaping @Sendable (Wire) -> Void) {
    let isLost = lock.withLock {
      if connection != nil { onLoss = action }
      return connection == nil
    }
    if isLost { action(self) }
  }

  /// Called on the event loop's thread for each notification.
  func whenNotified(_ action: @escaping @Sendable (Notification) -> Void) { lock.withLock { onNotification = action } }

  // MARK: Scopes

  /// Begins a scope: only operations that carry its number are taken.
  func beginScope() -> Int { lock.withLock { scope } }

  /// Ends the scope.
  /// - Returns: whether another may use the connection: it is open, idle, and in no transaction.
  func endScope() -> Bool {
    lock.withLock {
      scope += 1
      guard let connection, current == nil, queue.isEmpty, cancelsUnderWay == 0 else { return false }
      return PQtransactionStatus(connection) == PQTRANS_IDLE
    }
  }

  /// Whether the connection is open, as far as one knows without asking the server.
  var isOpen: Bool { lock.withLock { connection != nil } }

  /// Whether a statement of the transaction failed, so that only a rollback is left.
  var isInFailedTransaction: Bool { lock.withLock { connection.map { PQtransactionStatus($0) == PQTRANS_INERROR } ?? false } }

  // MARK: Operations

  /// Starts an operation, or queues it; its waiter wakes when it is over.
  func submit(_ operation: Operation, _ waiter: CheckedContinuation<Operation.Wake, Never>) {
    settle { finished in
      operation.waiter = waiter
      if operation.isCancelRequested {
        complete(operation, .failure(CancellationError()), &finished)
      } else if let scope = operation.scope, scope != self.scope {
        complete(operation, .failure(PostgresUsageError.scopeEnded), &finished)
      } else if connection == nil {
        complete(operation, .failure(loss ?? ConnectionLost(reason: "the connection is closed", outcome: .nothingDone)), &finished)
      } else if current == nil {
        start(operation, &finished)
      } else {
        queue.append(operation)
      }
    }
  }

  /// Asks the server to stop the operation. Its waiter wakes when the server has answered, or the connection is given up.
  func cancel(_ operation: Operation) {
    settle { finished in
      guard operation.phase != .finished, !operation.isCancelRequested else { return }
      operation.isCancelRequested = true
      guard operation === current else {
        if let index = queue.firstIndex(where: { $0 === operation }) {
          queue.remove(at: index)
          complete(operation, .failure(CancellationError()), &finished)
        }
        return
      }
      switch (operation.phase, operation.work) {
      case (.held, _): break
      case (.copying, .copyIn): wake(operation, &finished)  // Who feeds it sees the request and ends the copy.
      default:
        operation.received = []
        let wasPaused = operation.isReadingPaused
        resumeReading(operation)
        sendCancel(operation)
        // What libpq holds already makes the socket no readier.
        if wasPaused { drain(&finished) }
      }
    }
  }

  func sendCancel(_ operation: Operation) {
    cancelsUnderWay += 1
    let isStarted = BlockingThread.start("kedge-cancel") { [self, cancelHandle] in
      cancelHandle.send()
      settle { finished in
        cancelsUnderWay -= 1
        if cancelsUnderWay == 0, let current, current.phase == .held { finish(current, &finished) }
      }
    }
    if !isStarted { cancelsUnderWay -= 1 }
    EventLoop.shared.after(cancelTimeout) { [weak self, weak operation] in
      guard let self, let operation, lock.withLock({ operation.phase != .finished }) else { return }
      close(because: "the server did not heed a cancellation within \(cancelTimeout)")
    }
  }

  /// Closes the connection; what is under way or queued fails.
  func close(because reason: String) {
    settle { finished in lose(reason, &finished) }
  }

  // MARK: The event loop

  func socketReady() {
    settle { finished in
      guard let connection else { return }
      guard PQconsumeInput(connection) == 1 else { return lose(nil, &finished) }
      if isFlushing { flush(&finished) }
      drain(&finished)
      takeNotifications()
    }
  }

  // MARK: Under the lock

  /// An operation that is over, with what its waiter is to be told.
  struct Finished {
    var waiter: CheckedContinuation<Operation.Wake, Never>
    var wake: Operation.Wake
  }

  /// Runs `body` under the lock, and wakes whom it finished after letting go of the lock.
  func settle(_ body: (inout [Finished]) -> Void) {
    var finished: [Finished] = []
    let lost: (@Sendable (Wire) -> Void)? = lock.withLock {
      body(&finished)
      guard connection == nil else { return nil }
      defer { onLoss = nil }
      return onLoss
    }
    for one in finished { one.waiter.resume(returning: one.wake) }
    lost?(self)
  }

  /// Wakes the operation's waiter without ending the operation.
  func wake(_ operation: Operation, _ finished: inout [Finished]) {
    guard let waiter = operation.waiter else { return }
    operation.waiter = nil
    finished.append(Finished(waiter: waiter, wake: .ready))
  }

  private func complete(_ operation: Operation, _ outcome: Result<[Rows], any Error>, _ finished: inout [Finished]) {
    operation.phase = .finished
    operation.outcome = outcome
    guard let waiter = operation.waiter else { return }
    operation.waiter = nil
    finished.append(Finished(waiter: waiter, wake: .finished(outcome)))
  }

  private func start(_ operation: Operation, _ finished: inout [Finished]) {
    guard let connection else { return }
    current = operation
    operation.phase = .running
    operation.startedInsideTransaction = PQtransactionStatus(connection) != PQTRANS_IDLE
    operation.isInsideTransaction = operation.startedInsideTransaction && !operation.isCommit
    guard send(operation, over: connection) else {
      operation.isInsideTransaction = true
      return lose(nil, &finished)
    }
    flush(&finished)
    // Sending may have read: libpq takes in what the server says while its own output is stuck.
    if current === operation { drain(&finished) }
  }

  /// Writes what libpq holds, as far as the socket takes it, and has the event loop go on with the rest.
  func flush(_ finished: inout [Finished]) {
    guard let connection else { return }
    let left = PQflush(connection)
    guard left >= 0 else { return lose(nil, &finished) }
    if (left == 1) != isFlushing {
      isFlushing = left == 1
      EventLoop.shared.update(socketKey, socket, isFlushing ? .inputAndOutput : .input)
    }
    if left == 0, let current, current.phase == .copying, case .copyIn = current.work { wake(current, &finished) }
  }

  /// Whether libpq still holds output that the socket did not take.
  var hasOutput: Bool { isFlushing }

  /// Reads every answer that has come in full.
  func drain(_ finished: inout [Finished]) {
    while let operation = current, operation.phase == .running || operation.phase == .copying, let connection {
      if operation.phase == .copying {
        guard case .copyOut = operation.work, receiveCopy(operation, over: connection, &finished) else { return }
        continue
      }
      guard PQisBusy(connection) == 0 else { return }
      switch accept(PQgetResult(connection), for: operation, over: connection) {
      case .more: break
      case .copying:
        operation.phase = .copying
        wake(operation, &finished)
      case .broken(let reason): return lose(reason, &finished)
      case .over:
        guard PQstatus(connection) != CONNECTION_BAD else { return lose(nil, &finished) }
        if cancelsUnderWay > 0 { operation.phase = .held } else { finish(operation, &finished) }
      }
    }
  }

  private func finish(_ operation: Operation, _ finished: inout [Finished]) {
    current = nil
    complete(operation, operation.result, &finished)
    while current == nil, connection != nil, !queue.isEmpty { start(queue.removeFirst(), &finished) }
  }

  private func takeNotifications() {
    guard let connection, current == nil || onNotification != nil else { return }
    while let notification = PQnotifies(connection) {
      onNotification?(
        Notification(
          kind: .sent(by: notification.pointee.be_pid), channel: String(cString: notification.pointee.relname),
          payload: String(cString: notification.pointee.extra)))
      PQfreemem(notification)
    }
  }

  func pauseReading(_ operation: Operation) {
    operation.isReadingPaused = true
    EventLoop.shared.update(socketKey, socket, .nothing)
  }

  func resumeReading(_ operation: Operation) {
    guard operation.isReadingPaused else { return }
    operation.isReadingPaused = false
    EventLoop.shared.update(socketKey, socket, isFlushing ? .inputAndOutput : .input)
  }

  /// Ends the connection. The server's last words, if it had any, become the cause.
  func lose(_ reason: String?, _ finished: inout [Finished]) {
    guard let connection else { return }
    // An error that ended the connection may lie unread in libpq's buffer. On a dead socket this does not wait.
    if PQstatus(connection) == CONNECTION_BAD, let operation = current, operation.phase == .running {
      for _ in 0..<8 {
        guard let result = PQgetResult(connection) else { continue }
        let state = PQresultStatus(result)
        if lastWord == nil, state == PGRES_FATAL_ERROR, PQresultErrorField(result, Int32(UInt8(ascii: "C"))) != nil {
          lastWord = ServerMessage.error(result, label: operation.label(0), sql: "")
        }
        PQclear(result)
      }
    }
    let cause = lastWord ?? (current?.error as? PostgresError).flatMap { $0.endsConnection ? $0 : nil }
    let reason = reason ?? ServerMessage.connectionMessage(connection)
    EventLoop.shared.remove(socketKey, socket)
    PQfinish(connection)
    self.connection = nil
    loss = ConnectionLost(reason: reason, outcome: .nothingDone, cause: cause)
    logger.debug("connection to PostgreSQL lost", metadata: ["reason": "\(cause?.message ?? reason)", "backend": "\(backendID)"])
    if let operation = current {
      current = nil
      // A server that ended an idle transaction had not seen what was sent since, not even COMMIT.
      let isUndone = operation.isInsideTransaction || cause?.sqlState == .idleInTransactionTimeout
      let outcome: ConnectionLost.Outcome = isUndone ? .nothingDone : .unknown
      let lost: any Error = operation.isCancelRequested ? CancellationError() : ConnectionLost(reason: reason, outcome: outcome, cause: cause)
      complete(operation, .failure(operation.error as? PostgresUsageError ?? lost), &finished)
    }
    let waiting = queue
    queue = []
    for operation in waiting { complete(operation, .failure(ConnectionLost(reason: reason, outcome: .nothingDone, cause: cause)), &finished) }
  }

  /// A notice came while libpq read, which is under the lock.
  fileprivate func noticed(_ result: OpaquePointer?) {
    let severity = ServerMessage.severity(result)
    let message = ServerMessage.error(result, label: current?.label(0) ?? "none", sql: "")
    if severity == "FATAL" || severity == "PANIC" {
      lastWord = message
    } else {
      logger.log(level: severity == "WARNING" ? .warning : .debug, "PostgreSQL says: \(message.message)", metadata: ["severity": "\(severity)"])
    }
  }
}

private nonisolated func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
  guard let context else { return }
  Unmanaged<Wire>.fromOpaque(context).takeUnretainedValue().noticed(result)
}

/// What `PQcancel` needs; it may be used beside the connection and after it is closed.
///
/// Unchecked: libpq documents `PQcancel` as safe from any thread.
final class CancelHandle: @unchecked Sendable {
  private let handle: OpaquePointer?

  init(_ handle: OpaquePointer?) { self.handle = handle }

  deinit { PQfreeCancel(handle) }

  /// Asks the server to cancel what the connection runs. Blocks: it opens a connection.
  func send() {
    guard let handle else { return }
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      _ = PQcancel(handle, buffer.baseAddress, Int32(buffer.count))
    }
  }
}
