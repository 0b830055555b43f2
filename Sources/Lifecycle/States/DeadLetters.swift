public import Foundation

/// What a channel never took, from the facts of `channel/NAME`: messages that were given up and are not wanted again yet.
public struct DeadLetters: StreamState {
  /// A message that was given up.
  public struct Letter: Codable, Equatable, Sendable {
    /// As it was asked for.
    public var request: MessageRequested
    /// Why it was given up; free of secrets.
    public var reason: String
    var number: Int
  }

  private var waiting: [String: Numbered] = [:]
  private var letters: [String: Letter] = [:]
  /// The place of the newest message about each alert that was told, or waits to be.
  private var told: [String: Int] = [:]
  private var number = 0

  private struct Numbered: Codable, Equatable, Sendable {
    var request: MessageRequested
    var number: Int
  }

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .messageRequested(let fact):
      number += 1
      waiting[fact.message.uuidString] = Numbered(request: fact, number: number)
    case .messageRedriven(let fact):
      guard let letter = letters.removeValue(forKey: fact.message.uuidString) else { return }
      waiting[fact.message.uuidString] = Numbered(request: letter.request, number: letter.number)
    case .messageSent(let fact): done(fact.message)
    case .messageFolded(let fact): done(fact.message)
    case .messageAbandoned(let fact):
      guard let gone = waiting.removeValue(forKey: fact.message.uuidString), gone.request.state != MessageRequested.test else { return }
      letters[fact.message.uuidString] = Letter(request: gone.request, reason: fact.reason, number: gone.number)
    default: break
    }
  }

  private mutating func done(_ message: UUID) {
    guard let gone = waiting.removeValue(forKey: message.uuidString), let alert = gone.request.alert?.description else { return }
    told[alert] = max(told[alert] ?? 0, gone.number)
    // Of alerts whose end was told nothing more can come that would have to stand behind it.
    if gone.request.isOpen == false, !letters.values.contains(where: { $0.request.alert == gone.request.alert }) { told[alert] = nil }
  }

  /// In the order in which they were asked for.
  public var all: [Letter] { letters.values.sorted { $0.number < $1.number } }

  /// Wants them again, in their order.
  ///
  /// What came before something that people were told of the same alert, or are about to be, stays where it is: it would come out of order, and is no news.
  /// - Parameter only: this message alone, whatever came after it; nil: all.
  /// - Throws: a refusal when there is no such message among them.
  public func redrive(only: UUID? = nil) throws(Refusal) -> [Fact] {
    if let only {
      guard let letter = letters[only.uuidString] else { throw .unknown("the channel has no abandoned message \(only.uuidString.lowercased())") }
      return [.messageRedriven(letter.request)]
    }
    return all.filter { letter in
      guard let alert = letter.request.alert else { return true }
      let newest = max(told[alert.description] ?? 0, waiting.values.filter { $0.request.alert == alert }.map(\.number).max() ?? 0)
      return letter.number > newest
    }.map { .messageRedriven($0.request) }
  }
}
