internal import Logging
internal import PostgreSQL
internal import Values

/// The rows of a PostgreSQL query, copied out in binary in a transaction that may only read.
struct QueryTable: OpenTable {
  let source: String
  let names: [String]
  private let url: String
  private let statement: String
  private let types: [PostgresType]
  private let options: TableReader.Options

  /// A statement that takes longer is cancelled by the server.
  private static let timeout = "1h"

  /// - Throws: `TableError` when the database cannot be reached, or the query is none.
  init(url: String, query: DataQuery, options: TableReader.Options) throws(TableError) {
    source = DataQuery.name(of: url)
    self.url = url
    self.options = options
    let statement = try query.statement(for: source)
    self.statement = statement
    let columns = try QueryTable.run(url, source) { transaction in
      try await transaction.query(Query(unsafeSQL: "select * from (\n\(statement)\n) as kedge limit 0", name: "the query")).columns.map { ($0.name, $0.type) }
    }
    names = ColumnNames.unique(columns.map(\.0))
    types = columns.map(\.1)
  }

  func plan() -> [PlannedColumn] {
    zip(names, types).map { name, type in
      if options.skipped.contains(name) { return PlannedColumn(kind: .skip) }
      if options.raw.contains(name) { return PlannedColumn(kind: .raw) }
      let isTime = [.timestamptz, .timestamp, .date].contains(type)
      switch options.types[name] {
      case .numeric: return PlannedColumn(kind: .number)
      case .datetime: return isTime ? PlannedColumn(kind: .time) : PlannedColumn(kind: .string, areTimes: true)
      case .categorical, .boolean, .text: return PlannedColumn(kind: .string)
      case nil: return PlannedColumn(kind: isTime ? .time : QueryTable.isNumber(type) ? .number : .string)
      }
    }
  }

  private static func isNumber(_ type: PostgresType) -> Bool { [.int2, .int4, .int8, .float4, .float8, .numeric].contains(type) }

  func gather<Gathering: ColumnGathering>(
    _ kinds: [CellKind], _ gathering: Gathering
  ) throws(TableError) -> (rows: Int, columns: [Gathering.Whole]) {
    let cells = zip(kinds, types).map { QueryTable.cell($0, $1) }
    let chosen = cells.indices.map { QueryTable.expression("kedge.c\($0)", cells[$0], types[$0]) }
    let sql = """
      copy (select \(chosen.joined(separator: ", ")) from (
      \(statement)
      ) as kedge(\(cells.indices.map { "c\($0)" }.joined(separator: ", "))) ) to stdout (format binary)
      """
    let source = source
    return try QueryTable.run(url, source) { transaction in
      var columns = cells.indices.map { gathering.whole($0, expectedRows: 0) }
      var rows = 0
      var copied = CopiedRows(cells, kinds: kinds)
      func hand() {
        rows += copied.rows
        for (column, block) in copied.block().enumerated() { gathering.join(gathering.part(column, block), to: &columns[column]) }
      }
      for try await piece in transaction.connection.copyOut(Query(unsafeSQL: sql, name: "the query")) {
        guard copied.take(piece) else {
          throw TableError(source: source, problem: "sent rows that cannot be read", advice: "check what stands between here and the server")
        }
        if copied.rows >= CopiedRows.blockRows { hand() }
      }
      guard copied.hasEnded else { throw TableError(source: source, problem: "stopped in the middle of the rows", advice: "try again") }
      hand()
      return (rows, columns)
    }
  }

  private static func cell(_ kind: CellKind, _ type: PostgresType) -> CopiedRows.Cell {
    switch kind {
    case .time: .time
    case .number: [.int2, .int4, .int8].contains(type) ? .whole : isNumber(type) ? .double : .text
    case .string, .raw, .skip: .text
    }
  }

  private static func expression(_ column: String, _ cell: CopiedRows.Cell, _ type: PostgresType) -> String {
    switch cell {
    case .whole: "\(column)::int8"
    case .double: "\(column)::float8"
    // What has no zone is read as UTC, as in files.
    case .time: type == .timestamptz ? column : "(\(column)::timestamp at time zone 'UTC')"
    case .text: "\(column)::text"
    }
  }

  /// Runs `body` in a transaction that may only read, on a connection of its own.
  private static func run<Value: Sendable>(
    _ url: String, _ source: String, _ body: @escaping @Sendable (Transaction) async throws -> Value
  ) throws(TableError) -> Value {
    let outcome = Waiting.result {
      var options = PostgresOptions()
      options.maximumConnections = 1
      options.listening = false
      options.applicationName = "kedge reader"
      let client = PostgresClient(url, options: options, logger: Logger(label: "kedge.reader", factory: { _ in SwiftLogNoOpLogHandler() }))
      do {
        let value = try await client.withTransaction(isolation: .readOnlySnapshot, retries: 0, idleTimeout: .seconds(600)) { transaction in
          try await transaction.execute(unsafeScript: "set local statement_timeout = '\(timeout)'", name: "timeout")
          return try await body(transaction)
        }
        await client.close()
        return value
      } catch {
        await client.close()
        throw error
      }
    }
    switch outcome {
    case .success(let value): return value
    case .failure(let error as TableError): throw error
    case .failure(let error as PostgresError):
      throw TableError(
        source: source, problem: "the query failed: \(error.message) (SQLSTATE \(error.sqlState.rawValue))",
        advice: error.hint ?? "correct the query or what it may read")
    case .failure(let error): throw TableError(source: source, problem: "cannot be read: \(error)", advice: "check the URL and the server")
    }
  }
}
