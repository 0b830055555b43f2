public import Values

/// A silence, from the facts of `silence/ID`.
public struct SilenceState: StreamState {
  public private(set) var started: SilenceStarted?
  public private(set) var isOver = false

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .silenceStarted(let fact): started = fact
    case .silenceEnded: isOver = true
    default: break
    }
  }

  /// The name of the deadline at which it ends by itself.
  public static let deadline = "silence"

  /// Begins it.
  public func start(_ fact: SilenceStarted, at now: Timestamp) throws(Refusal) -> [Fact] {
    guard started == nil else { throw .conflict("there is such a silence already") }
    guard fact.untilAt > now else { throw .invalid("a silence until \(fact.untilAt) would be over already") }
    return [.silenceStarted(fact)]
  }

  /// Ends it.
  public func end(reason: String?) throws(Refusal) -> [Fact] {
    guard started != nil else { throw .unknown("there is no such silence") }
    guard !isOver else { throw .conflict("the silence is over already") }
    return [.silenceEnded(SilenceEnded(reason: reason))]
  }
}
