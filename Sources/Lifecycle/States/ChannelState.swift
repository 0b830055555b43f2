public import Foundation

/// A channel, from the facts of `channel/NAME`.
public struct ChannelState: StreamState {
  public private(set) var specification: ChannelSpecification?
  /// Attempts at each message that is not done with.
  public private(set) var attempts: [String: Int] = [:]
  /// What the receiver answered to the first message of each alert, by alert: what follows is threaded there. Of the latest alerts only.
  public private(set) var threads: [String: [String: String]] = [:]
  private var order: [String] = []

  /// How many alerts are remembered.
  static let threadsKept = 500

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .channelDefined(let specification): self.specification = specification
    case .channelRemoved: specification = nil
    case .messageRequested(let fact): attempts[fact.message.uuidString] = 0
    case .messageDelayed(let fact): attempts[fact.message.uuidString] = fact.attempt
    case .messageAbandoned(let fact): attempts[fact.message.uuidString] = nil
    case .messageSent(let fact):
      attempts[fact.message.uuidString] = nil
      guard let alert = fact.alert?.description, threads[alert] == nil else { return }
      threads[alert] = fact.receipt
      order.append(alert)
      if order.count > ChannelState.threadsKept { threads[order.removeFirst()] = nil }
    default: break
    }
  }

  /// Attempts made so far; nil when the message is done with.
  public func attempts(at message: UUID) -> Int? { attempts[message.uuidString] }
}
