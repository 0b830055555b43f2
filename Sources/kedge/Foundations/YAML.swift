internal import Values

/// Writes JSON as YAML in block style. Text is plain only where no reader could take it for something else.
enum YAML {
  static func text(_ value: JSON) -> String {
    var out = ""
    write(value, indent: 0, to: &out)
    return out
  }

  private static func write(_ value: JSON, indent: Int, to out: inout String) {
    let margin = String(repeating: " ", count: indent)
    switch value {
    case .object(let object) where !object.members.isEmpty:
      for (key, value) in object.members {
        out += margin + scalar(.string(key)) + ":"
        nest(value, indent: indent, to: &out)
      }
    case .array(let elements) where !elements.isEmpty:
      for element in elements {
        if element.object?.members.isEmpty == false || element.array?.isEmpty == false {
          var inner = ""
          write(element, indent: indent + 2, to: &inner)
          out += margin + "- " + inner.dropFirst(indent + 2)
        } else {
          out += margin + "- " + scalar(element) + "\n"
        }
      }
    default: out += margin + scalar(value) + "\n"
    }
  }

  private static func nest(_ value: JSON, indent: Int, to out: inout String) {
    switch value {
    case .object(let object) where !object.members.isEmpty:
      out += "\n"
      write(value, indent: indent + 2, to: &out)
    case .array(let elements) where !elements.isEmpty:
      out += "\n"
      write(value, indent: indent, to: &out)
    default: out += " " + scalar(value) + "\n"
    }
  }

  private static let words: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

  private static func scalar(_ value: JSON) -> String {
    guard case .string(let text) = value else { return value.description }
    let isPlain = text.utf8.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte) || "-_./ ".utf8.contains(byte)
    }
    let beginsWell = text.unicodeScalars.first.map { ("a"..."z").contains($0) || ("A"..."Z").contains($0) || $0 == "/" } ?? false
    return isPlain && beginsWell && text.last != " " && !words.contains(text.lowercased()) ? text : value.description
  }
}
