/// A value that must not be shown: a token, a key, the URL of a webhook. Printing it, interpolating it or reflecting on it gives `(secret)`.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let value: String

  public init(_ value: String) { self.value = value }

  /// The value itself, for the one place that sends or signs with it.
  public func reveal() -> String { value }

  public var description: String { "(secret)" }
  public var debugDescription: String { "(secret)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
