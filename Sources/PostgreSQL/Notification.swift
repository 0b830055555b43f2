/// Something was said on a channel, or may have been. It is a hint: look at the tables, and poll besides.
public struct Notification: Hashable, Sendable {
  /// What is known.
  public enum Kind: Hashable, Sendable {
    /// `NOTIFY` by the server process with this number.
    case sent(by: Int32)
    /// Listening has begun, or begun again after the connection was lost: what was said before has been missed.
    case listening
  }

  /// What is known.
  public var kind: Kind
  /// Its name, letter for letter.
  public var channel: String
  /// What was sent along; empty for `.listening`.
  public var payload: String

  /// Takes the values as they are; nothing is checked.
  public init(kind: Kind, channel: String, payload: String) {
    self.kind = kind
    self.channel = channel
    self.payload = payload
  }
}
