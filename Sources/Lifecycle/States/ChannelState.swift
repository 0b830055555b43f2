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
    /// Whether the alert is over with it.
    var isOver = false
    var title: String
    /// Of what this one tells too, the newest, the oldest first.
    private var folded: [Folded] = []
    /// How many earlier messages this one tells too.
    public private(set) var foldedCount = 0

    private struct Folded: Codable, Equatable, Sendable {
      var number: Int
      var title: String
    }

    init(_ fact: MessageRequested, number: Int) {
      (alert, self.number, title, isOver) = (fact.alert, number, fact.title, fact.isOpen == false)
    }

    /// Of the newest messages that this one tells too, the oldest first.
    public var foldedTitles: [String] { folded.map(\.title) }

    mutating func fold(_ other: Waiting) {
      folded = (folded + other.folded + [Folded(number: other.number, title: other.title)]).sorted { $0.number < $1.number }
        .suffix(ChannelState.foldedKept)
      foldedCount += other.foldedCount + 1
    }
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
  static let foldedKept = 20

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
      waiting[fact.into.uuidString]?.fold(gone)
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
    waiting[fact.message.uuidString] = Waiting(fact, number: number)
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

  /// What waits about other alerts that came and went while people could not be told, the oldest first: it is enough that the next message names them.
  /// Empty unless the channel has just failed, and where a machine reads the messages, which knows each alert by itself.
  public func missed(beside message: UUID) -> [UUID] {
    guard pausedUntil != nil, specification?.kind.isReadByPeople == true, let own = waiting[message.uuidString] else { return [] }
    let over = Set(waiting.values.filter(\.isOver).compactMap(\.alert?.description)).filter { threads[$0] == nil }
    return waiting.filter { $0.value.alert != own.alert && over.contains($0.value.alert?.description ?? "") }
      .sorted { $0.value.number < $1.value.number }.compactMap { UUID(uuidString: $0.key) }
  }

  /// What a channel that forgets must be told again: the newest message about each alert that goes on, and about those that were over last.
  public var said: [MessageRequested] { standing.values.sorted { $0.message.uuidString < $1.message.uuidString } }
}
