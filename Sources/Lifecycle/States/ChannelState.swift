public import Foundation
public import Values

/// A channel, from the facts of `channel/NAME`.
public struct ChannelState: StreamState {
  /// A message that is not done with.
  public struct Waiting: Codable, Equatable, Sendable {
    /// The alert it is about.
    public var alert: AlertID?
    /// Its place among the channel's messages.
    public var number: Int
    /// Attempts made so far.
    public var attempts = 0
    /// Titles of earlier messages that this one tells too.
    public var folded: [String] = []
    var title: String
  }

  public private(set) var specification: ChannelSpecification?
  /// Until when messages that were not tried yet wait, because the channel has just failed to take another one; nil when it took the last one.
  public private(set) var pausedUntil: Timestamp?
  private var waiting: [String: Waiting] = [:]
  private var number = 0
  /// What the receiver answered to the first message of each alert, by alert: what follows is threaded there. Of the latest alerts only.
  public private(set) var threads: [String: [String: String]] = [:]
  private var order: [String] = []
  /// For a channel that must be told again and again: the newest message about each alert, of those that are over only the latest.
  private var standing: [String: MessageRequested] = [:]
  private var over: [String] = []

  /// How many alerts are remembered.
  static let threadsKept = 500
  /// How many alerts that are over are told again.
  static let overKept = 100
  /// The longest wait for another message's sake: one that is never taken must not hold up those that would be.
  static let longestPause = Duration.seconds(30)
  /// How many titles of folded messages are kept.
  static let foldedKept = 10

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .channelDefined(let specification):
      self.specification = specification
      pausedUntil = nil
    case .channelRemoved: specification = nil
    case .messageRequested(let fact):
      wait(for: fact)
      stand(fact)
    case .messageRedriven(let fact): wait(for: fact)
    case .messageDelayed(let fact):
      waiting[fact.message.uuidString]?.attempts = fact.attempt
      pausedUntil = min(fact.retryAt, record.at + ChannelState.longestPause)
    case .messageAbandoned(let fact): waiting[fact.message.uuidString] = nil
    case .messageFolded(let fact):
      guard let gone = waiting.removeValue(forKey: fact.message.uuidString) else { return }
      waiting[fact.into.uuidString]?.folded.insert(contentsOf: (gone.folded + [gone.title]).suffix(ChannelState.foldedKept), at: 0)
    case .messageSent(let fact):
      pausedUntil = nil
      waiting[fact.message.uuidString] = nil
      guard let alert = fact.alert?.description, threads[alert] == nil else { return }
      threads[alert] = fact.receipt
      order.append(alert)
      if order.count > ChannelState.threadsKept { threads[order.removeFirst()] = nil }
    default: break
    }
  }

  private mutating func wait(for fact: MessageRequested) {
    number += 1
    waiting[fact.message.uuidString] = Waiting(alert: fact.alert, number: number, title: fact.title)
  }

  private mutating func stand(_ fact: MessageRequested) {
    guard case .alertmanager = specification?.kind, let alert = fact.alert?.description, let isOpen = fact.isOpen else { return }
    standing[alert] = fact
    guard !isOpen else { return }
    over.append(alert)
    while over.count > ChannelState.overKept {
      let oldest = over.removeFirst()
      if standing[oldest]?.isOpen == false { standing[oldest] = nil }
    }
  }

  /// Attempts made so far; nil when the message is done with.
  public func attempts(at message: UUID) -> Int? { waiting[message.uuidString]?.attempts }

  /// A message that is not done with.
  public func waiting(_ message: UUID) -> Waiting? { waiting[message.uuidString] }

  /// The next message that waits about the same alert; nil when there is none.
  public func successor(of message: UUID) -> UUID? {
    guard let own = waiting[message.uuidString], let alert = own.alert else { return nil }
    return waiting.filter { $0.value.alert == alert && $0.value.number > own.number }.min { $0.value.number < $1.value.number }
      .flatMap { UUID(uuidString: $0.key) }
  }

  /// What a channel that forgets must be told again: the newest message about each alert that goes on, and about those that were over last.
  public var said: [MessageRequested] { standing.values.sorted { $0.message.uuidString < $1.message.uuidString } }
}
