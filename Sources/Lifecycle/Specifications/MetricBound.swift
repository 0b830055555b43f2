/// A limit that a number is held against: `at_least`, `at_most`, `above` and `below` (the last two strict).
public enum MetricBound: Hashable, Sendable {
  case atLeast(Double)
  case atMost(Double)
  case above(Double)
  case below(Double)

  /// The limit itself.
  public var limit: Double {
    switch self {
    case .atLeast(let limit), .atMost(let limit), .above(let limit), .below(let limit): limit
    }
  }

  /// The word of the declaration: `at_least`, `at_most`, `above` or `below`.
  public var word: String {
    switch self {
    case .atLeast: "at_least"
    case .atMost: "at_most"
    case .above: "above"
    case .below: "below"
    }
  }

  /// Whether the value lies on the named side of the limit; never true of NaN.
  public func holds(for value: Double) -> Bool {
    switch self {
    case .atLeast(let limit): value >= limit
    case .atMost(let limit): value <= limit
    case .above(let limit): value > limit
    case .below(let limit): value < limit
    }
  }
}

/// The keys under which bounds stand beside the other members of a rule.
enum BoundKey: String, CodingKey, CaseIterable {
  case atLeast, atMost, above, below, notWorseThanChampionBy, belowChampionBy, aboveChampionBy
}

extension MetricBound {
  /// Reads the one bound among the members of the rule that is being decoded; nil when there is none.
  init?(in container: KeyedDecodingContainer<BoundKey>) throws {
    if let limit = try container.decodeIfPresent(Double.self, forKey: .atLeast) {
      self = .atLeast(limit)
    } else if let limit = try container.decodeIfPresent(Double.self, forKey: .atMost) {
      self = .atMost(limit)
    } else if let limit = try container.decodeIfPresent(Double.self, forKey: .above) {
      self = .above(limit)
    } else if let limit = try container.decodeIfPresent(Double.self, forKey: .below) {
      self = .below(limit)
    } else {
      return nil
    }
  }

  /// Writes itself as one more member of the rule that is being encoded.
  func encode(in container: inout KeyedEncodingContainer<BoundKey>) throws {
    switch self {
    case .atLeast(let limit): try container.encode(limit, forKey: .atLeast)
    case .atMost(let limit): try container.encode(limit, forKey: .atMost)
    case .above(let limit): try container.encode(limit, forKey: .above)
    case .below(let limit): try container.encode(limit, forKey: .below)
    }
  }

  static func missing(_ container: KeyedDecodingContainer<BoundKey>) -> DecodingError {
    .dataCorrupted(.init(codingPath: container.codingPath, debugDescription: "expected a bound such as at_least"))
  }
}
