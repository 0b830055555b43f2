public import Values

/// What a system gave back for a message: enough to continue it later. It may stand in the log.
public struct Receipt: Sendable, Hashable, Codable {
  /// Where the message is: Slack's channel id.
  public var conversation: String?
  /// Which message it is there: Slack's `ts`.
  public var message: String?
  /// What people should know though the message was taken.
  public var note: String?

  /// Nil where the system gives no such id.
  public init(conversation: String? = nil, message: String? = nil, note: String? = nil) {
    self.conversation = conversation
    self.message = message
    self.note = note
  }

  /// `{"conversation", "message", "note"}`, without what is not there.
  public var json: JSON {
    JSON([("conversation", conversation.map { .string($0) }), ("message", message.map { .string($0) }), ("note", note.map { .string($0) })])
  }

  /// The receipt that `json` made.
  public init(json: JSON) { self.init(conversation: json["conversation"]?.string, message: json["message"]?.string, note: json["note"]?.string) }
}
