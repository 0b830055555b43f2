internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Profiles

/// The labels that a monitor's files hold, by id. Where two files disagree, the one written later is right.
struct LabelBook: Sendable {
  private let columns: MonitorColumns
  private let rows: WindowRows
  private var labels: [String: String] = [:]

  /// Where a source of labels stands among others: files by the time at which they were written, then what was posted, in the order of its arrival.
  struct Order: Comparable, Sendable {
    let source: String
    private let isPosted: Bool
    private let place: Int64

    /// Nil when it is not there any more.
    init?(_ source: String) {
      if let posted = PostedRows(source) {
        (self.source, isPosted, place) = (source, true, posted.last)
      } else {
        guard let file = WindowFinder.file(at: source) else { return nil }
        (self.source, isPosted, place) = (source, false, file.modified)
      }
    }

    static func < (left: Order, right: Order) -> Bool {
      (left.isPosted ? 1 : 0, left.place, left.source) < (right.isPosted ? 1 : 0, right.place, right.source)
    }
  }

  /// Reads all labels that there are for a monitor. A file that cannot be read is passed over: the work about that file says so.
  init(_ monitor: MonitorSpecification, _ database: PostgresClient?) {
    let rows = WindowRows(monitor, database)
    guard let id = monitor.columns.id, let label = monitor.columns.label else {
      self.init(monitor, rows, merging: [])
      return
    }
    let files = monitor.window.labels.flatMap { try? WindowFinder.files(matching: $0) } ?? []
    var sources = files.sorted { ($0.modified, $0.path) < ($1.modified, $1.path) }.map(\.path)
    if monitor.window.source == .predictions { sources.append(PostedRows(.label, first: 0, last: .max).source) }
    self.init(monitor, rows, merging: sources.compactMap { try? LabelBook.read($0, rows, id: id, label: label) })
  }

  /// Takes what sources say, in their order.
  init(_ monitor: MonitorSpecification, _ rows: WindowRows, merging files: [[String: String]]) {
    columns = monitor.columns
    self.rows = rows
    for file in files { labels.merge(file) { $1 } }
  }

  /// The labels of one source.
  /// - Throws: `TableError`.
  static func read(_ source: String, _ rows: WindowRows, id: String, label: String) throws -> [String: String] {
    let table = try rows.table(source, .init(raw: [id, label]))
    var labels: [String: String] = [:]
    for (id, label) in zip(try table.strings(id), try table.strings(label)) { if let id, let label, !label.isEmpty { labels[id] = label } }
    return labels
  }

  subscript(id: String) -> String? { labels[id] }

  /// Writes the labels of a window's rows as a CSV with the declared id and label columns.
  /// - Returns: the path; nil when no row has a label.
  func write(labelsOf window: String, to path: String) throws -> String? {
    guard !labels.isEmpty, let id = columns.id, let label = columns.label,
      let ids = try? rows.table(window, .init(raw: [id])).strings(id)
    else { return nil }
    var text = CSVText.row([id, label])
    var found = false
    for id in ids {
      guard let id, let label = labels[id] else { continue }
      found = true
      text += CSVText.row([id, label])
    }
    guard found else { return nil }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Writes the labelled rows of a window: its own columns, and the label under its declared name.
  /// - Returns: how many rows were written.
  func write(rowsOf window: String, to path: String) throws -> Int {
    guard let id = columns.id, let label = columns.label else { return 0 }
    let table = try all(of: window)
    let kept = table.columns.filter { $0.name != label }
    let ids = try table.strings(id)
    var text = CSVText.row(kept.map(\.name) + [label])
    var count = 0
    for row in 0..<table.rowCount {
      guard let key = ids[row], let value = labels[key] else { continue }
      text += CSVText.row(kept.map { $0.string(at: row) ?? "" } + [value])
      count += 1
    }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return count
  }
}

extension LabelBook {
  /// Writes the rows of a window that is no file, so that commands can read them.
  func write(allOf window: String, to path: String) throws {
    let table = try all(of: window)
    var text = CSVText.row(table.columns.map(\.name))
    for row in 0..<table.rowCount { text += CSVText.row(table.columns.map { $0.string(at: row) ?? "" }) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  /// Every cell as it stands.
  fileprivate func all(of window: String) throws -> DataTable {
    let names = try rows.table(window).columns.map(\.name)
    return try rows.table(window, .init(raw: Set(names)))
  }
}

/// Writes CSV (RFC 4180).
enum CSVText {
  static func row(_ fields: [String]) -> String { fields.map(quote).joined(separator: ",") + "\n" }

  private static func quote(_ field: String) -> String {
    field.contains { $0 == "," || $0 == "\"" || $0.isNewline } ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
  }
}
