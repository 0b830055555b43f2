internal import Foundation
internal import Integrations
internal import Lifecycle
internal import PostgreSQL
internal import Profiles
public import Values

/// The rows of a monitor's windows, labels and reference, wherever they are: files, directories of them, URLs, a database, or posted.
struct WindowRows: Sendable {
  private let monitor: MonitorSpecification
  private let database: String?
  private let credentials: CredentialResolver

  /// - Parameters:
  ///   - database: where what was posted lies; nil where nothing was.
  ///   - environment: where the references to connection strings are looked up.
  init(_ monitor: MonitorSpecification, _ database: PostgresClient?, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.monitor = monitor
    self.database = database?.url
    credentials = CredentialResolver(environment: environment)
  }

  /// Whether a source is a file of this machine, which others can read as well.
  static func isFile(_ source: String) -> Bool { QueriedWindow(source) == nil && PostedRows(source) == nil && !RemoteFile.isRemote(source) }

  /// The rows of a window, or of labels.
  /// - Throws: `TableError`, `CredentialError`, `MeasuringError`.
  func table(_ source: String, _ options: TableReader.Options = .init()) throws -> DataTable {
    if let posted = PostedRows(source) {
      guard let database else { throw MeasuringError("\(source): it lies in Kedge's database, which is not at hand here") }
      return try posted.table(of: monitor.model, url: database, options)
    }
    guard let ends = QueriedWindow(source) else { return try TableReader.read(path: source, options: options) }
    guard case .sql(let sql) = monitor.window.source else {
      throw MeasuringError("\(source): the monitor has no query any more; its windows come from elsewhere now")
    }
    return try query(sql, DataQuery(sql.query, from: ends.from, to: ends.to), options)
  }

  /// The rows of a reference that is a query.
  /// - Throws: as above.
  func reference(_ sql: SQLSource, _ options: TableReader.Options) throws -> DataTable { try query(sql, DataQuery(sql.query), options) }

  private func query(_ sql: SQLSource, _ query: DataQuery, _ options: TableReader.Options) throws -> DataTable {
    let url = try credentials.resolve(sql.connection).reveal()
    guard DataQuery.isDatabase(url) else { throw MeasuringError("\(sql.connection): is no URL of a database; write postgresql://…") }
    var options = options
    options.query = query
    return try TableReader.read(path: url, options: options)
  }
}

/// A window whose rows a query gives: how facts name its source, `sql:FROM/TO`.
public struct QueriedWindow: Sendable, Hashable {
  /// Belongs to it.
  public let from: Timestamp
  /// Does not belong to it.
  public let to: Timestamp

  /// Takes the ends as they are; nothing is checked.
  public init(from: Timestamp, to: Timestamp) {
    self.from = from
    self.to = to
  }

  /// Nil when the source is none of a query.
  init?(_ source: String) {
    guard source.hasPrefix("sql:") else { return nil }
    let parts = source.dropFirst(4).split(separator: "/")
    guard parts.count == 2, let from = Timestamp(parts[0]), let to = Timestamp(parts[1]) else { return nil }
    self.init(from: from, to: to)
  }

  /// `sql:FROM/TO`
  var source: String { "sql:\(from)/\(to)" }
}
