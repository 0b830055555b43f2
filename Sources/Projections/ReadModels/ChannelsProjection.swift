public import Lifecycle
internal import Values

/// Channels and the messages to them.
public struct ChannelsProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "channels"
  /// The tables that it fills.
  public static let tables = ["channel", "message"]
  /// The categories of streams that it reads.
  public static let categories = ["channel"]

  /// As before the first event.
  public init() {}

  public mutating func changes(for record: FactRecord) throws -> [RowChange] {
    switch record.fact {
    case .channelDefined(let channel):
      return [
        .put(
          "channel", key: ["name"],
          [
            "name": JSON(channel.name), "specification": try JSON(encoding: channel), "defined_at": record.time, "position": record.place,
          ])
      ]
    case .channelRemoved: return [.delete("channel", where: ["name": JSON(record.name)])]
    case .messageRequested(let fact):
      return [
        .put(
          "message", key: ["id"],
          [
            "id": JSON(fact.message), "channel": JSON(record.name), "alert": fact.alert.map { JSON($0) } ?? .null, "state": JSON(fact.state),
            "severity": JSON(fact.severity), "title": JSON(fact.title), "text": JSON(fact.text), "status": "waiting", "attempts": 0,
            "requested_at": record.time, "position": record.place,
          ])
      ]
    case .messageSent(let fact):
      return [
        .update(
          "message", where: ["id": JSON(fact.message)],
          [
            "status": "sent", "attempts": JSON(fact.attempt), "receipt": try JSON(encoding: fact.receipt), "sent_at": record.time,
            "failure": nil,
          ])
      ]
    case .messageDelayed(let fact):
      return [
        .update(
          "message", where: ["id": JSON(fact.message)],
          ["status": "delayed", "attempts": JSON(fact.attempt), "failure": JSON(fact.reason)])
      ]
    case .messageAbandoned(let fact):
      return [
        .update(
          "message", where: ["id": JSON(fact.message)],
          ["status": "abandoned", "attempts": JSON(fact.attempt), "failure": JSON(fact.reason)])
      ]
    case .messageFolded(let fact): return [.update("message", where: ["id": JSON(fact.message)], ["status": "folded"])]
    case .messageRedriven(let fact): return [.update("message", where: ["id": JSON(fact.message)], ["status": "waiting", "attempts": 0])]
    default: return []
    }
  }
}
