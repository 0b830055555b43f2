internal import Foundation
internal import Values

/// A column of a table for people.
struct TableColumn: Sendable {
  let header: String
  /// Keys from the outside in; what stands there is written.
  let path: [String]
  /// Shown only with `-o wide`.
  let isWide: Bool

  init(_ header: String, _ path: String, wide: Bool = false) {
    self.header = header
    self.path = path.split(separator: ".").map(String.init)
    isWide = wide
  }

  /// The cell of an item.
  func cell(_ item: JSON) -> String {
    var value = item
    for key in path { value = value[key] ?? .null }
    return TableColumn.text(value)
  }

  /// A value as people read it.
  static func text(_ value: JSON) -> String {
    switch value {
    case .null: "-"
    case .bool(let value): value ? "yes" : "no"
    case .integer(let value): String(value)
    case .number(let value): number(value)
    case .string(let text): shortTime(text) ?? text.replacing("\n", with: " ")
    case .array(let elements): elements.isEmpty ? "-" : elements.map { text($0) }.joined(separator: ",")
    case .object(let object): object.members.isEmpty ? "-" : object.members.map { "\($0.key)=\(text($0.value))" }.joined(separator: ",")
    }
  }

  private static func number(_ value: Double) -> String {
    let magnitude = abs(value)
    if magnitude != 0, magnitude < 0.001 || magnitude >= 1_000_000 { return String(format: "%.2e", value) }
    let text = String(format: "%.4f", value)
    return String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
  }

  /// `2026-05-01 10:00:00` of an RFC 3339 time in UTC.
  private static func shortTime(_ text: String) -> String? {
    guard text.utf8.count >= 20, text.utf8.count <= 27, text.hasSuffix("Z"), let time = Timestamp(text) else { return nil }
    return String(time.description.prefix(19)).replacing("T", with: " ")
  }
}

/// Writes results in the format that was asked for.
struct Renderer {
  let format: OutputFormat

  /// A list of things.
  /// - Parameter name: of each, for `-o name`.
  func list(_ items: [JSON], _ columns: [TableColumn], name: (JSON) -> String) {
    switch format {
    case .json: Terminal.print((["items": .array(items)] as JSON).text(.indented))
    case .yaml: Terminal.write(YAML.text(["items": .array(items)]), to: 1)
    case .name: for item in items { Terminal.print(name(item)) }
    case .table, .wide:
      Terminal.write(Renderer.table(items, columns.filter { format == .wide || !$0.isWide }, width: format == .wide ? nil : Terminal.width), to: 1)
    }
  }

  /// One thing.
  func one(_ item: JSON, _ columns: [TableColumn], name: (JSON) -> String) {
    switch format {
    case .json: Terminal.print(item.text(.indented))
    case .yaml: Terminal.write(YAML.text(item), to: 1)
    default: list([item], columns, name: name)
    }
  }

  /// A document that has no table: JSON or YAML, else what `text` gives.
  func document(_ value: @autoclosure () throws -> JSON, _ text: () throws -> String) rethrows {
    switch format {
    case .json: Terminal.print(try value().text(.indented))
    case .yaml: Terminal.write(YAML.text(try value()), to: 1)
    default:
      let text = try text()
      if !text.isEmpty { Terminal.write(text.hasSuffix("\n") ? text : text + "\n", to: 1) }
    }
  }

  /// Rows below headers, cut to the width: the widest columns give way first.
  static func table(_ items: [JSON], _ columns: [TableColumn], width: Int?) -> String {
    let cells = items.map { item in columns.map { $0.cell(item) } }
    var widths = columns.indices.map { column in ([columns[column].header] + cells.map { $0[column] }).map(\.count).max() ?? 0 }
    if let width {
      while widths.reduce(0, +) + 2 * (widths.count - 1) > width, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 6 {
        widths[widest] -= 1
      }
    }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).map { cell, width in
        let cut = cell.count > width ? cell.prefix(max(0, width - 1)) + "…" : cell[...]
        return cut + String(repeating: " ", count: width - cut.count)
      }
      let whole = padded.joined(separator: "  ")
      return String((width.map { whole.prefix($0) } ?? whole[...]).reversed().drop { $0 == " " }.reversed()) + "\n"
    }
    return Terminal.paint(line(columns.map(\.header)).trimmingCharacters(in: .newlines), .bold) + "\n" + cells.map(line).joined()
  }
}
