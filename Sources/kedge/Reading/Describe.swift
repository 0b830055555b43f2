internal import ArgumentParser
internal import Foundation
internal import PostgreSQL
internal import Projections
internal import Values

struct Describe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Shows one thing with what belongs to it.",
    discussion: guide(
      example: "kedge describe deployment 3f2a91\nkedge describe run 77b0c2 -o json\nkedge describe endpoint breast-cancer-prod --as-of 4711", .notFound))

  @Argument(help: "What to show.", completion: .list(Kind.all.map(\.singular))) var kind: String
  @Argument(help: "Which one.") var name: String
  @OptionGroup var past: PastOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let kind = try Kind.named(self.kind)
    let kinds = try [kind] + kind.relations.map { try Kind.named($0.kind) } + (kind.name == "alerts" ? [try Kind.named("measurements")] : [])
    try await common.withDatabase { client in
      try await past.read(kinds, from: client, common) { try await show(kind, $0) }
    }
  }

  private func show(_ kind: Kind, _ model: ReadModel) async throws {
    guard case .one(let item) = try await model.find(kind, name) else {
      throw Complaint(.notFound, "there is no \(kind.singular) \(name); `kedge get \(kind.name) \(name)` lists those of that group")
    }
    var related: [(Kind.Relation, Kind, [JSON])] = []
    for relation in kind.relations {
      guard let value = item[relation.key ?? kind.key]?.string else { continue }
      let other = try Kind.named(relation.kind)
      let items = try await model.all(other, where: relation.column, is: value, limit: relation.limit)
      if !items.isEmpty { related.append((relation, other, items)) }
    }
    // What a run has written lies beside the log.
    let output = kind.name == "runs" && model.moment == nil ? try await RunOutput(database: model.database).tail(of: item["id"]?.string ?? "", lines: 20) : []
    let columns = kind.name == "alerts" ? try await driftedColumns(item, model) : []
    let notes = kind.name == "alerts" ? try await notes(on: item, model) : []
    Renderer(format: common.output).document(json(item, related, output, columns, notes)) {
      if common.output == .name { return kind.nameOf(item) }
      return text(kind, item, related, output, columns, notes)
    }
  }

  /// What the measurement before an alert said of its columns, the worst first.
  private func driftedColumns(_ alert: JSON, _ model: ReadModel) async throws -> [JSON] {
    guard let monitor = alert["monitor"]?.string, let position = alert["position"]?.integer else { return [] }
    let before = try await model.all(try Kind.named("measurements"), where: "monitor", is: monitor)
      .last { $0["part"]?.string == "input" && ($0["position"]?.integer ?? .max) <= position }
    return (before?["columns"]?.array ?? []).filter { $0["verdict"]?.string == "drifted" }
      .sorted { ($0["effect"]?.double ?? 0) > ($1["effect"]?.double ?? 0) }
  }

  /// What people noted about an alert, in their order.
  private func notes(on alert: JSON, _ model: ReadModel) async throws -> [JSON] {
    let filter = EventDocuments.Filter(stream: "alert/\(alert["id"]?.string ?? "")", types: [EventDocuments.note])
    return try await EventDocuments(database: model.database).sealed(filter, limit: 1000)
      .filter { ($0["position"]?.integer ?? .max) <= model.moment?.position ?? .max }
      .map { ["at": $0["recorded_at"] ?? .null, "by": $0["actor"] ?? .null, "note": $0["data"]?["reason"] ?? .null] }
  }

  private func json(_ item: JSON, _ related: [(Kind.Relation, Kind, [JSON])], _ output: [String], _ columns: [JSON], _ notes: [JSON]) -> JSON {
    var document = item
    var groups: JSON = [:]
    for (_, kind, items) in related { groups[kind.name] = .array(items) }
    document["related"] = groups
    if !output.isEmpty { document["last_lines"] = JSON(output) }
    if !columns.isEmpty { document["columns"] = .array(columns) }
    if !notes.isEmpty { document["notes"] = .array(notes) }
    return document
  }

  private func text(
    _ kind: Kind, _ item: JSON, _ related: [(Kind.Relation, Kind, [JSON])], _ output: [String], _ columns: [JSON], _ notes: [JSON]
  ) -> String {
    var text = Terminal.paint("\(kind.singular) \(kind.nameOf(item))", .bold) + "\n"
    let members = (item.object?.members ?? []).filter { !$0.value.isNull && $0.key != kind.key }
    let width = members.map(\.key.count).max() ?? 0
    for (key, value) in members { text += lines(key.padding(toLength: width, withPad: " ", startingAt: 0), value) }
    if !columns.isEmpty {
      text += section("Drifted columns", Describe.columnTable, columns)
    }
    if !notes.isEmpty { text += section("Notes", [TableColumn("AT", "at"), TableColumn("BY", "by"), TableColumn("NOTE", "note")], notes) }
    for (relation, other, items) in related { text += section(relation.title, other.columns.filter { !$0.isWide }, items) }
    if !output.isEmpty { text += "\n" + Terminal.paint("Last lines of output", .bold) + "\n" + output.map { "  \($0)\n" }.joined() }
    return text
  }

  private static let columnTable = [
    TableColumn("COLUMN", "name"), TableColumn("TEST", "test"), TableColumn("SCORE", "score"), TableColumn("EFFECT", "effect"),
    TableColumn("THRESHOLD", "threshold"), TableColumn("MISSING", "missing"),
  ]

  private func section(_ title: String, _ columns: [TableColumn], _ items: [JSON]) -> String {
    let table = Renderer.table(items, columns, width: Terminal.width.map { max(20, $0 - 2) })
    return "\n" + Terminal.paint(title, .bold) + "\n" + table.split(separator: "\n").map { "  \($0)\n" }.joined()
  }

  /// A member: what is nested stands below its key, as YAML.
  private func lines(_ key: String, _ value: JSON) -> String {
    let isNested =
      value.object.map { $0.members.contains { $0.value.object != nil || $0.value.array != nil } } ?? false
      || value.array.map { $0.contains { $0.object != nil } } ?? false
    guard isNested else { return "  \(key)  \(TableColumn.text(value))\n" }
    return "  \(key.trimmingCharacters(in: .whitespaces))\n" + YAML.text(value).split(separator: "\n").map { "    \($0)\n" }.joined()
  }
}
