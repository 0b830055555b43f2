public import Lifecycle
internal import Values

extension DeclarationFile {
  /// The declarations as YAML that reads back as the same, a document each, in the order given.
  /// - Throws: `EncodingError` when a number in one of them is not finite.
  public static func print(_ declarations: [Declaration]) throws -> String {
    try declarations.map { try document($0) }.joined(separator: "---\n")
  }

  private static func document(_ declaration: Declaration) throws -> String {
    var text = "kind: \(declaration.kind.rawValue)\n"
    YAMLText.write(pruned(try declaration.specification()).object?.members ?? [], order: order, indent: 0, to: &text)
    return text
  }

  /// The specification without what goes without saying: a shadow stage has no traffic, a stage with traffic no shadow.
  private static func pruned(_ specification: JSON) -> JSON {
    guard var rollout = specification["rollout"], let stages = rollout["stages"]?.array else { return specification }
    rollout["stages"] = .array(
      stages.map { stage in
        var stage = stage
        stage[stage["shadow"]?.bool == true ? "traffic" : "shadow"] = nil
        if stage["require_conclusive"]?.bool == false { stage["require_conclusive"] = nil }
        return stage
      })
    var pruned = specification
    pruned["rollout"] = rollout
    return pruned
  }

  /// The order in which keys are written, as people write them; others follow in alphabetical order.
  private static let order = [
    "name", "metric", "at_least", "at_most", "above", "below", "not_worse_than_champion_by", "below_champion_by", "above_champion_by", "monitor",
    "model", "task", "slots", "tags", "baseline", "files", "measurements", "labels", "every", "minimum_rows", "window", "id", "version", "time", "prediction",
    "probability", "label", "group", "exclude", "default", "drift_share", "correction", "columns", "tests", "test", "threshold", "when", "for",
    "resolve_after", "keep_firing", "after", "then", "within", "no_data", "cooldown", "severity", "levels", "escalate", "flapping", "maintenance",
    "inhibited_by", "by", "wait", "group", "windows", "period", "periods", "relative", "notify", "trigger", "alert", "alerts", "schedule", "rule", "count",
    "cron", "time_zone",
    "train",
    "command", "directory", "health", "timeout", "retries", "pool", "evaluate", "gate", "deploy", "parameters", "target", "local", "rollout",
    "approvals",
    "stages", "shadow", "traffic", "hold", "require_conclusive", "rollback", "slack", "token", "channel", "webhook", "http", "url", "secret",
  ]
}

/// Writes JSON as YAML in block style, with everything quoted that could be read as something else.
private enum YAMLText {
  static func write(_ members: [(key: String, value: JSON)], order: [String], indent: Int, to text: inout String) {
    for (key, value) in sorted(members, order) {
      text += String(repeating: " ", count: indent) + scalar(key) + ":"
      write(value, order: order, indent: indent + 2, to: &text)
    }
  }

  /// What follows a colon, with its line end.
  private static func write(_ value: JSON, order: [String], indent: Int, to text: inout String) {
    switch value {
    case .object(let object) where !object.members.isEmpty && !isShort(value, order):
      text += "\n"
      write(object.members, order: order, indent: indent, to: &text)
    case .array(let elements) where !elements.isEmpty && !isShort(value, order):
      text += "\n"
      for element in elements { text += String(repeating: " ", count: indent) + "- " + flow(element, order) + "\n" }
    default:
      text += " " + flow(value, order) + "\n"
    }
  }

  /// On one line.
  private static func flow(_ value: JSON, _ order: [String]) -> String {
    switch value {
    case .null, .bool, .integer, .number: value.description
    case .string(let text): scalar(text)
    case .array(let elements): "[" + elements.map { flow($0, order) }.joined(separator: ", ") + "]"
    case .object(let object): "{" + sorted(object.members, order).map { "\(scalar($0.key)): \(flow($0.value, order))" }.joined(separator: ", ") + "}"
    }
  }

  /// Whether a value reads well on one line: nothing but scalars, or lists of them, and at most 130 characters.
  private static func isShort(_ value: JSON, _ order: [String]) -> Bool {
    func isScalar(_ value: JSON) -> Bool { (value.object?.members.isEmpty ?? true) && (value.array?.isEmpty ?? true) }
    let isFlat: Bool =
      switch value {
      case .object(let object): object.members.allSatisfy { isScalar($0.value) || $0.value.array?.allSatisfy(isScalar) ?? false }
      case .array(let elements): elements.allSatisfy(isScalar)
      default: true
      }
    return isFlat && flow(value, order).count <= 130
  }

  private static func sorted(_ members: [(key: String, value: JSON)], _ order: [String]) -> [(key: String, value: JSON)] {
    func rank(_ key: String) -> Int { order.firstIndex(of: key) ?? order.count }
    return members.sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }
  }

  /// Words that YAML 1.1 or 1.2 reads as something else than text.
  private static let words: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

  /// Plain where no reader of YAML could take it for anything but this text, else in double quotes with JSON's escapes.
  private static func scalar(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte) || "-_./ ".utf8.contains(byte)
    }
    if isReference(text) || text.last?.isLetter == true && Span(text) != nil { return text }
    let letterFirst = text.unicodeScalars.first.map { ("a"..."z").contains($0) || ("A"..."Z").contains($0) || $0 == "/" } ?? false
    return plain && letterFirst && text.last != " " && !words.contains(text.lowercased()) ? text : quote(text)
  }

  /// A reference to a credential that has nothing in it but letters, digits and slashes.
  private static func isReference(_ text: String) -> Bool {
    guard CredentialReference(text) != nil, let colon = text.firstIndex(of: ":") else { return false }
    return text[text.index(after: colon)...].utf8.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte) || "-_./".utf8.contains(byte)
    }
  }

  private static func quote(_ text: String) -> String {
    // JSON leaves DEL, the C1 controls, line separators and the byte order mark as they are; YAML wants them escaped.
    JSON.string(text).description.unicodeScalars.map { scalar in
      switch scalar.value {
      case 0x7f...0x9f, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff:
        "\\u" + String(repeating: "0", count: 4 - String(scalar.value, radix: 16).count) + String(scalar.value, radix: 16)
      default: String(scalar)
      }
    }.joined()
  }
}
