internal import Yams

/// The keys and values of a mapping that is being read. Whoever reads it asks for each key that it knows, then calls `finish()`,
/// which reports the keys that nobody asked for.
final class Fields {
  let context: DocumentContext
  /// From the top of the document; empty for the document itself.
  let path: String
  let position: SourcePosition
  private let members: [(name: String, position: SourcePosition, value: Node)]
  private var known: [String] = []
  private var unsupported: Set<String> = []

  /// Nil, and reported, when the value is no mapping.
  init?(_ value: Value, _ expected: String) {
    guard case .mapping(let mapping) = value.node else {
      let _: Void? = value.refuse(expected)
      return nil
    }
    context = value.context
    path = value.path
    position = value.position
    var members: [(name: String, position: SourcePosition, value: Node)] = []
    for (key, node) in mapping {
      guard let name = key.scalar?.string else {
        value.context.report(SourcePosition(key.mark), value.path, found: key.described, expected: "a key of plain text")
        continue
      }
      if !DuplicateKeys.isRepaired(name) { members.append((name, SourcePosition(key.mark), node)) }
    }
    self.members = members
  }

  func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// The value of a key; nil when it is not given.
  func value(_ name: String) -> Value? {
    if !known.contains(name) { known.append(name) }
    return members.first { $0.name == name }.map { Value($0.value, path: path(of: name), in: context) }
  }

  /// The value of a key that must be given; its absence is reported where the mapping begins.
  func required(_ name: String, _ expected: String) -> Value? {
    if let value = value(name) { return value }
    context.report(position, path(of: name), found: "no such key", expected: expected)
    return nil
  }

  /// Reads a key that may be left out. Nil also when it was wrong, which is reported and refuses the whole document.
  func optional<Result>(_ name: String, _ read: (Value) -> Result?) -> Result? { value(name).flatMap(read) }

  /// Reads a key that may be left out and then is `standard`.
  func optional<Result>(_ name: String, default standard: Result, _ read: (Value) -> Result?) -> Result {
    value(name).flatMap(read) ?? standard
  }

  /// The one key among alternatives; none, or several, are reported.
  /// - Parameter unsupported: keys that SURFACE.md names and this version cannot do.
  func one(of names: [String], unsupported later: [String] = [], _ expected: String) -> (name: String, value: Value)? {
    let given = names.compactMap { name in value(name).map { (name: name, value: $0) } }
    let refused = reportUnsupported(later, instead: names)
    if given.count == 1, !refused { return given[0] }
    if given.count > 1 {
      context.report(
        position(ofKey: given[1].name), path(of: given[1].name), found: "\(given[1].name) beside \(given[0].name)",
        expected: "only one of \(Value.either(names))")
    } else if !refused {
      let stray = members.first { !known.contains($0.name) }?.name
      context.report(
        position, path, found: "none of \(Value.either(names))", expected: expected,
        suggestion: stray.flatMap { Suggestion.nearest(to: $0, among: names) })
    }
    return nil
  }

  private func reportUnsupported(_ names: [String], instead: [String]) -> Bool {
    var found = false
    for member in members where names.contains(member.name) {
      unsupported.insert(member.name)
      found = true
      context.report(
        member.position, path(of: member.name), found: "\(member.name), which is not supported by this version", expected: Value.either(instead))
    }
    return found
  }

  func position(ofKey name: String) -> SourcePosition { members.first { $0.name == name }?.position ?? position }

  /// Reports the keys that nobody asked for.
  func finish() {
    for member in members where !known.contains(member.name) && !unsupported.contains(member.name) {
      let missing = known.filter { name in !members.contains { $0.name == name } }
      context.report(
        member.position, path(of: member.name), found: "an unknown key", expected: Value.either(known),
        suggestion: Suggestion.nearest(to: member.name, among: missing))
    }
  }
}
