extension AlertCondition: Codable {
  private enum Key: String, CodingKey { case all, any, noData, outcome }

  /// Reads one of `all`, `any`, `no_data` and `outcome`, or a `metric` with its bound. Throws `DecodingError`, also when there is none.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let parts = try container.decodeIfPresent([AlertCondition].self, forKey: .all) {
      self = .all(parts)
    } else if let parts = try container.decodeIfPresent([AlertCondition].self, forKey: .any) {
      self = .any(parts)
    } else if let span = try container.decodeIfPresent(Span.self, forKey: .noData) {
      self = .noData(span)
    } else if let outcome = try container.decodeIfPresent(AlertOutcome.self, forKey: .outcome) {
      self = .outcome(outcome)
    } else {
      self = .comparison(try AlertComparison(from: decoder))
    }
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    if case .comparison(let comparison) = self { return try comparison.encode(to: encoder) }
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .all(let parts): try container.encode(parts, forKey: .all)
    case .any(let parts): try container.encode(parts, forKey: .any)
    case .noData(let span): try container.encode(span, forKey: .noData)
    case .outcome(let outcome): try container.encode(outcome, forKey: .outcome)
    case .comparison: break
    }
  }
}

extension AlertComparison: Codable {
  private enum Key: String, CodingKey { case metric, change, seasonal, trend, deviation, quantile, detector }

  /// A bound and what it is held against besides the value itself.
  private struct Against: Codable {
    enum Key: String, CodingKey { case windows, relative, period, periods }
    var bound: MetricBound
    var windows: Int?
    var relative = false
    var period: Season?
    var periods: Int?

    init(_ bound: MetricBound, windows: Int? = nil, relative: Bool = false, period: Season? = nil, periods: Int? = nil) {
      (self.bound, self.windows, self.relative, self.period, self.periods) = (bound, windows, relative, period, periods)
    }

    init(from decoder: any Decoder) throws {
      let members = try decoder.container(keyedBy: BoundKey.self)
      guard let bound = try MetricBound(in: members) else { throw MetricBound.missing(members) }
      self.bound = bound
      let container = try decoder.container(keyedBy: Key.self)
      windows = try container.decodeIfPresent(Int.self, forKey: .windows)
      relative = try container.decodeIfPresent(Bool.self, forKey: .relative) ?? false
      period = try container.decodeIfPresent(Season.self, forKey: .period)
      periods = try container.decodeIfPresent(Int.self, forKey: .periods)
    }

    func encode(to encoder: any Encoder) throws {
      var members = encoder.container(keyedBy: BoundKey.self)
      try bound.encode(in: &members)
      var container = encoder.container(keyedBy: Key.self)
      try container.encodeIfPresent(windows, forKey: .windows)
      if relative { try container.encode(true, forKey: .relative) }
      try container.encodeIfPresent(period, forKey: .period)
      try container.encodeIfPresent(periods, forKey: .periods)
    }
  }

  /// Reads `metric` and a bound beside it, or inside one of `change`, `seasonal`, `trend`, `deviation` and `quantile`, or `detector`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    metric = try container.decode(MetricName.self, forKey: .metric)
    if let detector = try container.decodeIfPresent(DetectorSpecification.self, forKey: .detector) {
      (basis, bound) = (.detector(detector), .atLeast(1))
      return
    }
    guard let key = [Key.change, .seasonal, .trend, .deviation, .quantile].first(where: container.contains) else {
      let members = try decoder.container(keyedBy: BoundKey.self)
      guard let bound = try MetricBound(in: members) else { throw MetricBound.missing(members) }
      self.bound = bound
      basis = .value
      return
    }
    let against = try container.decode(Against.self, forKey: key)
    bound = against.bound
    func needed<Value>(_ value: Value?) throws -> Value {
      guard let value else { throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "expected how many windows or periods") }
      return value
    }
    basis =
      switch key {
      case .change: .change(windows: try needed(against.windows), relative: against.relative)
      case .trend: .trend(windows: try needed(against.windows))
      case .deviation: .deviation(windows: try needed(against.windows))
      case .quantile: .quantile(windows: try needed(against.windows))
      default: .seasonal(try needed(against.period), periods: try needed(against.periods), relative: against.relative)
      }
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(metric, forKey: .metric)
    switch basis {
    case .value:
      var members = encoder.container(keyedBy: BoundKey.self)
      try bound.encode(in: &members)
    case .change(let count, let relative): try container.encode(Against(bound, windows: count, relative: relative), forKey: .change)
    case .trend(let count): try container.encode(Against(bound, windows: count), forKey: .trend)
    case .deviation(let count): try container.encode(Against(bound, windows: count), forKey: .deviation)
    case .quantile(let count): try container.encode(Against(bound, windows: count), forKey: .quantile)
    case .detector(let detector): try container.encode(detector, forKey: .detector)
    case .seasonal(let season, let periods, let relative):
      try container.encode(Against(bound, relative: relative, period: season, periods: periods), forKey: .seasonal)
    }
  }
}
