internal import Values

/// A kind of thing that `get` and `describe` show: a query, and how its rows are shown to people.
struct Kind: Sendable {
  /// Plural, as it is typed.
  let name: String
  /// One of them.
  let singular: String
  /// The column that names a thing.
  let key: String
  /// Whether the key is a UUID, of which a prefix is enough.
  let hasIdentifier: Bool
  /// Columns by which a group of them can be named instead, e.g. the monitor of measurements.
  let groups: [String]
  /// A row for each thing; `a.b` becomes `b` inside `a`.
  let sql: String
  /// What `--as-of` reads.
  let past: Past
  let order: String
  let columns: [TableColumn]
  /// What belongs to one thing, for `describe`.
  let relations: [Relation]

  /// What is known of an earlier time.
  enum Past: Sendable {
    /// All: the same rows are made from the log up to then.
    case all
    /// Part of it: this is read from what was made from the log up to then.
    case part(sql: String)
    /// Nothing: they lie beside the log.
    case none
  }

  /// Things of another kind that belong to one thing.
  struct Relation: Sendable {
    let title: String
    let kind: String
    /// A column of the other kind.
    let column: String
    /// The key of this thing whose value stands there, by default its name.
    let key: String?
    /// The newest so many.
    let limit: Int

    init(_ title: String, _ kind: String, by column: String, key: String? = nil, limit: Int = 10) {
      self.title = title
      self.kind = kind
      self.column = column
      self.key = key
      self.limit = limit
    }
  }

  init(
    _ name: String, _ singular: String, key: String, identifier: Bool = false, groups: [String] = [], order: String, _ columns: [TableColumn],
    relations: [Relation] = [], past: Past = .all, sql: String
  ) {
    self.name = name
    self.singular = singular
    self.key = key
    hasIdentifier = identifier
    self.groups = groups
    self.order = order
    self.columns = columns
    self.relations = relations
    self.past = past
    self.sql = sql
  }

  /// The name of one of them.
  func nameOf(_ item: JSON) -> String { item[key]?.string ?? item[key].map(TableColumn.text) ?? "" }

  /// Every kind, in the order of the manual.
  static let all: [Kind] = registry + monitoring + training + rollout + operation

  /// - Throws: a complaint that lists the kinds.
  static func named(_ word: String) throws(Complaint) -> Kind {
    guard let kind = all.first(where: { $0.name == word || $0.singular == word }) else {
      throw Complaint(.badUsage, "there is no kind \"\(word)\"; the kinds are \(all.map(\.name).joined(separator: ", "))")
    }
    return kind
  }
}

/// SQL for the text of a time inside a JSON value: RFC 3339 in UTC.
func utc(_ expression: String) -> String { "to_char(\(expression) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')" }
