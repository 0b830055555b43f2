public import Values

/// What a channel tells people, in no system's own format.
public struct Message: Sendable, Hashable {
  public enum Severity: String, Sendable, Hashable, CaseIterable { case info, warning, critical }

  /// What became of the thing that the message is about, in one word of the surface: `firing`, `resolved`, `awaiting_approval` …
  public struct State: Sendable, Hashable, ExpressibleByStringLiteral {
    public let word: String
    public init(_ word: String) { self.word = word }
    public init(stringLiteral value: String) { word = value }

    public static let firing: State = "firing"
    public static let resolved: State = "resolved"
  }

  /// A name and its value, shown side by side.
  public struct Field: Sendable, Hashable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// One line.
  public var title: String
  public var severity: Severity
  public var state: State
  /// Plain text, of any length; may be empty. Systems that limit it get the beginning.
  public var text: String
  public var fields: [Field]
  /// A page that shows more.
  public var link: String?
  /// What to type next, e.g. `kedge approve 5f1c2a --reason …`.
  public var command: String?
  public var occurredAt: Timestamp
  /// The receipt of the message that this one continues; systems that know threads put it there.
  public var thread: Receipt?

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
