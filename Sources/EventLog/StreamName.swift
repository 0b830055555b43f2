/// What an event is about: `run/5f0c…`. The part before the first slash is the category.
public struct StreamName: Hashable, Sendable, CustomStringConvertible {
  public let text: String

  /// - Parameter text: `CATEGORY/NAME`; 1 to 1024 bytes, which append checks.
  public init(_ text: String) { self.text = text }

  public init(category: String, name: String) { text = "\(category)/\(name)" }

  /// What comes before the first slash; all of it when there is none.
  public var category: String { String(text.prefix { $0 != "/" }) }

  /// What comes after the first slash; empty when there is none.
  public var name: String { String(text.drop { $0 != "/" }.dropFirst()) }

  public var description: String { text }
}
