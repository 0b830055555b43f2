public import Values

/// What a channel tells people, in no system's own format.
public struct Message: Sendable, Hashable {
  /// How bad it is, from the least to the most.
  public enum Severity: String, Sendable, Hashable, CaseIterable { case info, warning, critical }

  /// What became of the thing that the message is about, in one word of the surface: `firing`, `resolved`, `awaiting_approval` …
  public struct State: Sendable, Hashable, ExpressibleByStringLiteral {
    /// As the channel shows or sends it.
    public let word: String
    /// Any word; channels may show those that they know, such as `resolved`, in a way of their own.
    public init(_ word: String) { self.word = word }
    /// The word as written.
    public init(stringLiteral value: String) { word = value }

    /// An alert has been raised.
    public static let firing: State = "firing"
    /// The alert is over.
    public static let resolved: State = "resolved"
  }

  /// A name and its value, shown side by side.
  public struct Field: Sendable, Hashable {
    /// What stands beside the value.
    public let name: String
    /// Plain text.
    public let value: String

    /// Name and value, as they are to be shown.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// One line.
  public var title: String
  /// How bad it is.
  public var severity: Severity
  /// What became of the thing.
  public var state: State
  /// Plain text, of any length; may be empty. Systems that limit it get the beginning.
  public var text: String
  /// In the order in which they are shown; may be empty.
  public var fields: [Field]
  /// A page that shows more.
  public var link: String?
  /// What to type next, e.g. `kedge approve 5f1c2a --reason …`.
  public var command: String?
  /// When the thing happened, not when the message is sent.
  public var occurredAt: Timestamp
  /// The receipt of the message that this one continues; systems that know threads put it there.
  public var thread: Receipt?

  /// Takes the values as they are; nothing is checked.
  public init(
    title: String, severity: Severity, state: State, text: String, fields: [Field] = [], link: String? = nil, command: String? = nil,
    occurredAt: Timestamp, thread: Receipt? = nil
  ) {
    self.title = title
    self.severity = severity
    self.state = state
    self.text = text
    self.fields = fields
    self.link = link
    self.command = command
    self.occurredAt = occurredAt
    self.thread = thread
  }
}
