extension Wire {
  /// How a task's cancellation bears on an operation.
  enum Cancellation {
    /// It cancels the statement on the server.
    case cancels
    /// It is ignored: what ends a transaction has to run.
    case ignored
  }

  /// Runs an operation to its end.
  /// - Throws: `PostgresError`, `ConnectionLost`, `PostgresUsageError`, `PostgresEncodingError`, `CancellationError`.
  func run(_ work: Operation.Work, scope: Int?, _ cancellation: Cancellation = .cancels) async throws -> [Rows] {
    try Wire.check(work)
    let operation = Operation(work, scope: scope)
    do {
      return try await perform(operation, cancellation)
    } catch let error as PostgresError where shouldPrepareAnew(operation, error) {
      return try await perform(Operation(work, scope: scope), cancellation)
    }
  }

  private func perform(_ operation: Operation, _ cancellation: Cancellation) async throws -> [Rows] {
    guard case .finished(let outcome) = try await begin(operation, cancellation) else { throw PostgresUsageError.notACopy(statement: operation.label(0)) }
    return try outcome.get()
  }

  /// Starts an operation and waits until it is over, or until its COPY has begun.
  func begin(_ operation: Operation, _ cancellation: Cancellation = .cancels) async throws -> Operation.Wake {
    guard cancellation == .cancels else { return await withCheckedContinuation { submit(operation, $0) } }
    try Task.checkCancellation()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { submit(operation, $0) }
    } onCancel: {
      cancel(operation)
    }
  }

  /// A statement alone, outside a transaction, failed only because its plan was stale or the server had forgotten it: nothing was done.
  private func shouldPrepareAnew(_ operation: Operation, _ error: PostgresError) -> Bool {
    guard case .query = operation.work, operation.usedPrepared != nil, !operation.startedInsideTransaction else { return false }
    return error.sqlState == .invalidStatementName || error.sqlState == .featureNotSupported
  }

  private static func check(_ work: Operation.Work) throws {
    switch work {
    case .query(let query), .copyIn(let query), .copyOut(let query): try query.check()
    case .pipeline(let queries): for query in queries { try query.check() }
    case .script(let text, let label): try Query(unsafeSQL: text, name: label).check()
    }
  }
}

extension Query {
  /// - Throws: `PostgresEncodingError`, when it cannot be sent at all.
  func check() throws {
    if let failure { throw PostgresEncodingError("\(failure.message), statement: \(label)") }
    guard parameters.count <= 65_535 else {
      throw PostgresEncodingError("\(parameters.count) parameters, PostgreSQL takes 65,535; use arrays or COPY, statement: \(label)")
    }
    guard !sql.utf8.contains(0) else { throw PostgresEncodingError("the statement holds the character U+0000: \(label)") }
  }
}
