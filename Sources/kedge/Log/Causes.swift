internal import Foundation
internal import Projections
internal import Values

/// Follows causes backwards.
struct Causes {
  let documents: EventDocuments

  /// The most events that a story has; one longer is cut off.
  static let most = 2000

  func tree(from start: JSON) async throws -> CauseTree {
    var known: [String: JSON] = [:]
    if let id = start["id"]?.string { known[id] = start }
    var wanted = CauseTree.causes(of: start)
    while !wanted.isEmpty, known.count < Causes.most {
      let events = try await documents.events(wanted.compactMap { UUID(uuidString: $0) })
      for event in events { if let id = event["id"]?.string { known[id] = event } }
      wanted = events.flatMap(CauseTree.causes).filter { known[$0] == nil }.uniqued()
    }
    var seen: [String: Int] = [:]
    return CauseTree(start, known, &seen)
  }
}

/// An event and what caused it.
struct CauseTree {
  let event: JSON
  let causes: [CauseTree]
  /// Its causes stand elsewhere in the tree already.
  let isRepeated: Bool
  /// Its place in the order in which the events were first met.
  private let place: Int

  /// - Parameter seen: the places of the events that stand in the tree already.
  init(_ event: JSON, _ known: [String: JSON], _ seen: inout [String: Int]) {
    self.event = event
    let id = event["id"]?.string ?? ""
    let before = seen[id]
    isRepeated = before != nil
    place = before ?? seen.count
    seen[id] = place
    causes = isRepeated ? [] : CauseTree.causes(of: event).compactMap { known[$0] }.map { CauseTree($0, known, &seen) }
  }

  /// The causes for people: without those to which another of them leads anyway.
  private var direct: [CauseTree] { causes.filter { !$0.isRepeated || $0.place < place } }

  /// The identifiers of an event's causes, the one that it names first.
  static func causes(of event: JSON) -> [String] {
    (((event["causation_id"]?.string).map { [$0] } ?? []) + (event["data"]?["because"]?.array ?? []).compactMap { $0.string?.lowercased() }).uniqued()
  }

  var json: JSON {
    var document: JSON = ["event": event, "causes": .array(causes.map(\.json))]
    if isRepeated { document["repeated"] = true }
    return document
  }

  /// Every event once, from what happened back to where it began.
  var events: [JSON] { isRepeated ? [] : [event] + causes.flatMap(\.events) }

  /// Whether somebody approved whose name the database cannot vouch for.
  var isOnlyAsserted: Bool {
    events.contains { $0["type"]?.string == "deployment_approved" && $0["data"]?["identity"]?.string == "asserted" }
  }

  /// - Parameter sentences: what to say of events, by id.
  func text(_ sentences: [String: String]) -> String { lines(sentences, "", "").joined(separator: "\n") }

  private func lines(_ sentences: [String: String], _ first: String, _ rest: String) -> [String] {
    let id = event["id"]?.string ?? ""
    let what = sentences[id] ?? "\(event["type"]?.string ?? "") \(event["stream"]?.string ?? "")"
    let place = event["position"]?.integer.map { "#\($0)" } ?? "not sealed yet"
    let asserted = event["data"]?["identity"]?.string == "asserted" ? ", identity asserted" : ""
    let line = "\(what)  " + Terminal.paint("(\(place) \(TableColumn.text(event["occurred_at"] ?? .null)), \(event["actor"]?.string ?? "")\(asserted))", .grey)
    var lines = [first + line + (isRepeated ? "  (as above)" : "")]
    for (index, cause) in direct.enumerated() {
      let isLast = index == direct.count - 1
      lines += cause.lines(sentences, rest + (isLast ? "└─ " : "├─ "), rest + (isLast ? "   " : "│  "))
    }
    return lines
  }

  /// A graph in the language of graphviz, with arrows from causes to effects.
  var dot: String {
    var text = "digraph why {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n"
    for event in events {
      let label = "\(event["type"]?.string ?? "")\n\(event["stream"]?.string ?? "")\n\(event["actor"]?.string ?? "")"
      text += "  \(CauseTree.quote(event["id"]?.string ?? "")) [label=\(CauseTree.quote(label))];\n"
    }
    let shown = Set(events.compactMap { $0["id"]?.string })
    for event in events {
      for cause in CauseTree.causes(of: event) where shown.contains(cause) {
        text += "  \(CauseTree.quote(cause)) -> \(CauseTree.quote(event["id"]?.string ?? ""));\n"
      }
    }
    return text + "}"
  }

  private static func quote(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
  }
}
