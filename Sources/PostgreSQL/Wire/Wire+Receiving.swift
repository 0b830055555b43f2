internal import CLibPQ

/// Making sense of libpq's results. All of it runs under the wire's lock.
extension Wire {
  enum Progress {
    case more
    /// COPY has begun.
    case copying
    /// Every answer to the operation is in.
    case over
    /// The connection cannot be used further.
    case broken(String)
  }

  /// Takes the next result of an operation; nil ends the answer to one statement.
  func accept(_ result: OpaquePointer?, for operation: Operation, over connection: OpaquePointer) -> Progress {
    guard let result else {
      guard operation.isPipelined else { return .over }
      operation.nextStep += 1
      return operation.nextStep > operation.steps.count ? .broken("the answers to a pipeline ended too early") : .more
    }
    let box = ResultBox(result)
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: succeeded(box, operation)
    case PGRES_PIPELINE_SYNC:
      guard PQexitPipelineMode(connection) == 1 else { return .broken("libpq would not leave pipeline mode") }
      return .over
    case PGRES_PIPELINE_ABORTED: skipped(operation)
    case PGRES_COPY_IN:
      if case .copyIn = operation.work { return .copying }
      return misusedCopy(operation)
    case PGRES_COPY_OUT:
      if case .copyOut = operation.work { return .copying }
      return misusedCopy(operation)
    case PGRES_COPY_BOTH: return .broken("the server began to replicate")
    default: failed(box, operation)
    }
    return .more
  }

  private func succeeded(_ box: ResultBox, _ operation: Operation) {
    if operation.isPipelined, operation.steps.indices.contains(operation.nextStep) {
      guard case .execute = operation.steps[operation.nextStep] else { return }
    }
    if case .script = operation.work { return }
    operation.rows.append(Rows(box))
  }

  private func failed(_ box: ResultBox, _ operation: Operation) {
    var index = 0
    if operation.isPipelined, operation.steps.indices.contains(operation.nextStep) {
      switch operation.steps[operation.nextStep] {
      case .execute(let query): index = query
      case .prepare(let key, let query):
        index = query
        statements.forget(key)
      case .deallocate: break
      }
    }
    guard operation.error == nil else { return }
    let error = ServerMessage.error(box.pointer, label: operation.label(index), sql: operation.sql(index))
    operation.error = error
    // The server lost our prepared statements, or a changed table made a plan stale: prepare anew next time.
    if error.sqlState == .invalidStatementName { statements.forgetAll() }
    if error.sqlState == .featureNotSupported, let key = operation.usedPrepared { statements.forget(key) }
  }

  /// An earlier statement of the pipeline failed, so this one did not run.
  private func skipped(_ operation: Operation) {
    guard operation.steps.indices.contains(operation.nextStep) else { return }
    if case .prepare(let key, _) = operation.steps[operation.nextStep] { statements.forget(key) }
  }

  private func misusedCopy(_ operation: Operation) -> Progress {
    operation.error = PostgresUsageError.copyInQuery(statement: operation.label(0))
    return .broken("COPY was started by a query")
  }
}

extension Operation {
  /// What the caller gets when all answers are in.
  var result: Result<[Rows], any Error> {
    guard let error else { return .success(rows) }
    if isCancelRequested, (error as? PostgresError)?.sqlState == .queryCanceled { return .failure(CancellationError()) }
    return .failure(error)
  }

  /// Whether it ends a transaction, so that losing the connection leaves its outcome unknown.
  var isCommit: Bool {
    if case .script(let text, _) = work { return text == Wire.commit }
    return false
  }
}

extension Wire {
  static let commit = "COMMIT"
}

extension PostgresError {
  /// Whether the server closes the connection after saying this.
  var endsConnection: Bool {
    [.adminShutdown, .crashShutdown, .cannotConnectNow, .idleInTransactionTimeout].contains(sqlState) || sqlState.category == "08"
      || sqlState == "57P05"
  }
}
