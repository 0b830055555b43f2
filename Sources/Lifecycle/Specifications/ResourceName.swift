/// A name of something declared: a model, a monitor, a rule …, checked.
///
/// Lower-case letters, digits, `-`, `_`, `.`, and `/` between folders (`risk/fraud`). No component is a number alone, so that
/// `MODEL/3` is always a version; none is empty, `.` or `..`, so that a name can stand in a path. At most 200 bytes.
public struct ResourceName: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The name, which follows the rules.
  public let text: String

  /// Why a text is no name; the message says what was expected.
  public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong and what is allowed, without the name itself.
    public let message: String
    /// The message.
    public var description: String { message }
  }

  /// The longest name in bytes.
  public static let maximumBytes = 200

  /// - Throws: `Refusal` when the text does not follow the rules.
  public init(_ text: String) throws(Refusal) {
    guard !text.isEmpty else { throw Refusal(message: "a name must not be empty") }
    guard text.utf8.count <= ResourceName.maximumBytes else {
      throw Refusal(message: "a name has at most \(ResourceName.maximumBytes) bytes, this one \(text.utf8.count)")
    }
    if let bad = text.unicodeScalars.first(where: { !ResourceName.allows($0) }) {
      throw Refusal(message: "\"\(bad)\" is not allowed; use lower-case letters, digits, -, _, . and / for folders")
    }
    for component in text.split(separator: "/", omittingEmptySubsequences: false) {
      if component.isEmpty { throw Refusal(message: "a folder in it has no name; / stands only between names") }
      if component == "." || component == ".." { throw Refusal(message: "\"\(component)\" is not allowed as a component") }
      if component.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
        throw Refusal(message: "the component \"\(component)\" is a number alone, which is how versions are written (MODEL/3)")
      }
    }
    self.text = text
  }

  private static func allows(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "0"..."9", "-", "_", ".", "/": true
    default: false
    }
  }

  /// The name itself.
  public var description: String { text }
  /// As the texts compare.
  public static func < (left: ResourceName, right: ResourceName) -> Bool { left.text < right.text }
}
