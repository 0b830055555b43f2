public import Lifecycle
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
    /// Somebody looks after the alert.
    public static let acknowledged: State = "acknowledged"
    /// Nobody needs to do anything: the channel is only tried.
    public static let test: State = "test"

    /// Whether what the message is about is over.
    public var isOver: Bool { self == .resolved || self == "false_alarm" }
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

  /// The alert that the message is about; nil when it is about none.
  public var alert: AlertID?
  /// The alert's own words, at the severity of this message.
  public var about: AlertRaised?
  /// Other severities at which people were told of the alert before.
  public var formerSeverities: [String]
  /// What the column that moved furthest looked like.
  public var picture: Picture?

  /// A column's values in the reference and in the window.
  public struct Picture: Sendable, Hashable {
    /// The column's name.
    public let column: String
    /// Both sides laid over each other.
    public let histogram: ColumnHistogram

    /// Takes the values as they are; nothing is checked.
    public init(column: String, histogram: ColumnHistogram) {
      self.column = column
      self.histogram = histogram
    }
  }

  /// Takes the values as they are; nothing is checked.
  public init(
    title: String, severity: Severity, state: State, text: String, fields: [Field] = [], link: String? = nil, command: String? = nil,
    occurredAt: Timestamp, thread: Receipt? = nil, alert: AlertID? = nil, about: AlertRaised? = nil, formerSeverities: [String] = [], picture: Picture? = nil
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
    self.alert = alert
    self.about = about
    self.formerSeverities = formerSeverities
    self.picture = picture
  }
}
