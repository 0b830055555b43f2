/// What an event is about: `run/5f0c…`. The part before the first slash is the category.
public struct StreamName: Hashable, Sendable, CustomStringConvertible {
  /// The whole name.
  public let text: String

  /// - Parameter text: `CATEGORY/NAME`; 1 to 1024 bytes, which append checks.
  public init(_ text: String) { self.text = text }

  /// Joins the two by a slash. The category must not have one, or it ends there.
  public init(category: String, name: String) { text = "\(category)/\(name)" }

  /// What comes before the first slash; all of it when there is none.
  public var category: String { String(text.prefix { $0 != "/" }) }

  /// What comes after the first slash; empty when there is none.
  public var name: String { String(text.drop { $0 != "/" }.dropFirst()) }

  /// The whole name.
  public var description: String { text }
}
