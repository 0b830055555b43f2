/// A value that must not be shown: a token, a key, the URL of a webhook. Printing it, interpolating it or reflecting on it gives `(secret)`.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let value: String

  /// From here on the value is only had by `reveal()`.
  public init(_ value: String) { self.value = value }

  /// The value itself, for the one place that sends or signs with it.
  public func reveal() -> String { value }

  /// `(secret)`, whatever it holds.
  public var description: String { "(secret)" }
  /// `(secret)`, whatever it holds.
  public var debugDescription: String { "(secret)" }
  /// Has no children, so that `dump` and reflection show nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
