internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Profiles
internal import Values

/// Rows that were posted to `/v1/predictions` or `/v1/labels`, between two of their numbers: how facts name them, `predictions:FIRST-LAST` and `labels:FIRST-LAST`.
struct PostedRows: Sendable, Hashable {
  enum Kind: String, Sendable {
    case prediction, label
  }

  let kind: Kind
  /// Belongs to it.
  let first: Int64
  /// Belongs to it too.
  let last: Int64

  init(_ kind: Kind, first: Int64, last: Int64) {
    self.kind = kind
    self.first = first
    self.last = last
  }

  /// Nil when the source is none of posted rows.
  init?(_ source: String) {
    let parts = source.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let kind = ["predictions": Kind.prediction, "labels": .label][parts[0]] else { return nil }
    let numbers = parts[1].split(separator: "-").map { Int64($0) }
    guard numbers.count == 2, let first = numbers[0], let last = numbers[1] else { return nil }
    self.init(kind, first: first, last: last)
  }

  /// `predictions:FIRST-LAST` or `labels:FIRST-LAST`
  var source: String { "\(kind.rawValue)s:\(first)-\(last)" }

  /// The rows as a table, those of labels with the columns of the monitor. It blocks.
  /// - Parameter url: of Kedge's own database.
  /// - Throws: `TableError`.
  func table(of model: String, url: String, _ options: TableReader.Options) throws -> DataTable {
    let sql = """
      select content::text as content from kedge.observation
      where model = '\(model.replacing("'", with: "''"))' and kind = '\(kind.rawValue)' and number between \(first) and \(last) order by number
      """
    let lines = try TableReader.read(path: url, options: .init(raw: ["content"], query: DataQuery(sql))).strings("content").compactMap { $0 }
    guard !lines.isEmpty else {
      throw TableError(source: source, problem: "is not there any more", advice: "rows that were posted are kept for \(PostedRows.keptDays) days")
    }
    return try TableReader(options: options).read(bytes: Array(lines.joined(separator: "\n").utf8), source: source)
  }

  /// So long are rows kept.
  static let keptDays: Int64 = 90
}

/// What is posted about a model, seen by those who make windows of it.
struct PostedFeed: Sendable {
  let model: String
  let kind: PostedRows.Kind

  /// More rows than this are several windows.
  private static let most = 1_000_000

  /// The rows that have come since the last ones that were seen, and the times that they are about, once the oldest of them has waited for `pause`;
  /// nil before.
  func next(after last: Int64?, pause: Duration, _ database: PostgresClient) async throws -> (rows: PostedRows, startAt: Timestamp, endAt: Timestamp)? {
    let last = last ?? 0
    let isDue = try await database.query(
      """
      select received_at + make_interval(secs => \(pause.inSeconds)) <= clock_timestamp() from kedge.observation
      where model = \(model) and kind = \(kind.rawValue) and number > \(last) order by number limit 1
      """
    ).first?.decode(Bool.self)
    guard isDue == true else { return nil }
    return try await database.withTransaction { transaction in
      // Whoever posts shares it: no row with a lower number can come once this is held.
      try await transaction.query("select pg_advisory_xact_lock(kedge.observation_lock(\(model)))")
      let row = try await transaction.query(
        """
        select min(number), max(number), min(at), max(at) from (
          select number, at from kedge.observation where model = \(model) and kind = \(kind.rawValue) and number > \(last)
          order by number limit \(PostedFeed.most)) as new
        """
      ).first
      guard let (first, newest, start, end) = try row?.decode(Int64?.self, Int64?.self, Timestamp?.self, Timestamp?.self),
        let first, let newest, let start, let end
      else { return nil }
      return (PostedRows(kind, first: first, last: newest), start, end)
    }
  }

  /// Drops rows that are too old.
  func forget(_ database: PostgresClient) async throws {
    try await database.query(
      """
      delete from kedge.observation
      where model = \(model) and kind = \(kind.rawValue) and received_at < clock_timestamp() - make_interval(days => \(Int32(PostedRows.keptDays)))
      """)
  }
}
