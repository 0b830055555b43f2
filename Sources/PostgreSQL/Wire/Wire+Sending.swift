internal import CLibPQ

/// Writing an operation into libpq's buffer. All of it runs under the wire's lock.
extension Wire {
  /// - Returns: false when libpq refused, which it does only on a broken connection.
  func send(_ operation: Operation, over connection: OpaquePointer) -> Bool {
    switch operation.work {
    case .script(let text, _): return PQsendQuery(connection, text) == 1
    case .copyIn(let query), .copyOut(let query): return sendUnnamed(query, over: connection)
    case .pipeline(let queries): return sendPipeline(operation, queries, over: connection)
    case .query(let query):
      let key = StatementCache.Key(sql: query.sql, types: query.parameters.types)
      switch statements.plan(for: key) {
      case .unnamed: return sendUnnamed(query, over: connection)
      case .prepared(let name):
        operation.usedPrepared = key
        return sendPrepared(query, name, over: connection)
      case .prepare(let name, let evicted):
        operation.usedPrepared = key
        guard enterPipeline(operation, over: connection) else { return false }
        return prepare(operation, query, 0, key, name, evicted, over: connection) && sendPrepared(query, name, over: connection)
          && PQpipelineSync(connection) == 1
      }
    }
  }

  private func sendPipeline(_ operation: Operation, _ queries: [Query], over connection: OpaquePointer) -> Bool {
    guard enterPipeline(operation, over: connection) else { return false }
    for (index, query) in queries.enumerated() {
      let key = StatementCache.Key(sql: query.sql, types: query.parameters.types)
      let isSent: Bool
      switch statements.plan(for: key) {
      case .unnamed:
        operation.steps.append(.execute(query: index))
        isSent = sendUnnamed(query, over: connection)
      case .prepared(let name):
        operation.usedPrepared = key
        operation.steps.append(.execute(query: index))
        isSent = sendPrepared(query, name, over: connection)
      case .prepare(let name, let evicted):
        isSent = prepare(operation, query, index, key, name, evicted, over: connection) && sendPrepared(query, name, over: connection)
      }
      guard isSent else { return false }
    }
    return PQpipelineSync(connection) == 1
  }

  private func enterPipeline(_ operation: Operation, over connection: OpaquePointer) -> Bool {
    operation.isPipelined = true
    return PQenterPipelineMode(connection) == 1
  }

  /// Prepares a statement within a pipeline, after letting go of another; the caller sends the execution.
  private func prepare(
    _ operation: Operation, _ query: Query, _ index: Int, _ key: StatementCache.Key, _ name: String, _ evicted: String?,
    over connection: OpaquePointer
  ) -> Bool {
    if let evicted {
      operation.steps.append(.deallocate)
      guard PQsendQueryParams(connection, "deallocate \(evicted)", 0, nil, nil, nil, nil, 1) == 1 else { return false }
    }
    operation.steps.append(.prepare(key, query: index))
    operation.steps.append(.execute(query: index))
    return query.parameters.withPointers { PQsendPrepare(connection, name, query.sql, $0.count, $0.types) } == 1
  }

  private func sendUnnamed(_ query: Query, over connection: OpaquePointer) -> Bool {
    query.parameters.withPointers {
      PQsendQueryParams(connection, query.sql, $0.count, $0.types, $0.values, $0.lengths, $0.formats, 1)
    } == 1
  }

  private func sendPrepared(_ query: Query, _ name: String, over connection: OpaquePointer) -> Bool {
    query.parameters.withPointers {
      PQsendQueryPrepared(connection, name, $0.count, $0.values, $0.lengths, $0.formats, 1)
    } == 1
  }
}
