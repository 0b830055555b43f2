/// Why a decision was not taken. Nothing was changed.
public enum Refusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// It does not fit what is already the case.
  case conflict(String)
  /// This person may not.
  case notAllowed(String)
  /// There is no such thing.
  case unknown(String)
  /// The command itself makes no sense.
  case invalid(String)

  /// The message alone, for people.
  public var description: String {
    switch self {
    case .conflict(let message), .notAllowed(let message), .unknown(let message), .invalid(let message): message
    }
  }
}

/// What the facts of one stream add up to.
public protocol StreamState: Codable, Equatable, Sendable {
  /// Before the first fact.
  init()
  /// Takes one more fact in. Facts that do not concern it are ignored; none is refused: they have happened.
  mutating func evolve(_ record: FactRecord)
}

extension StreamState {
  /// The state after these facts.
  public init(_ records: some Sequence<FactRecord>) {
    self.init()
    for record in records { evolve(record) }
  }
}
