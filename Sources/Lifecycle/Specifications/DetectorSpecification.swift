internal import Statistics

/// A streaming detector that reads a metric from window to window, and says in which window it changed; then it starts afresh.
public enum DetectorSpecification: Hashable, Sendable {
  /// Adaptive windowing, checked at every window.
  /// - delta: the chance of a false cut at each check, between 0 and 1.
  case adwin(delta: Double)
  /// Page and Hinkley's cumulative sum.
  /// - threshold: what the sum may stray, in the metric's own unit; above 0.
  /// - delta: how much change of the mean is tolerated, from 0.
  /// - windows: no verdict before so many.
  case pageHinkley(threshold: Double, delta: Double, windows: Int, direction: Direction)
  /// The newest windows against older ones, by Kolmogorov and Smirnov.
  /// - alpha: the p-value at or below which it is a change, between 0 and 1.
  /// - windows: no verdict before so many; the newest 30 % are compared with the rest.
  case kswin(alpha: Double, windows: Int)
  /// Hoeffding's bound on the mean of values in 0...1.
  /// - confidence: the chance of a false change that the bound allows, between 0 and 1.
  case hddmA(confidence: Double, direction: Direction)
  /// McDiarmid's bound on a weighted mean of values in 0...1.
  /// - confidence: the chance of a false change that the bound allows, between 0 and 1.
  case hddmW(confidence: Double, direction: Direction)

  /// Which changes of the mean count.
  public enum Direction: String, Hashable, Codable, Sendable, CaseIterable {
    case up, down, both

    fileprivate var counted: ChangeDirection {
      switch self {
      case .up: .up
      case .down: .down
      case .both: .both
      }
    }
  }

  /// The detectors, as `kedge detect` names them; its `ddm` and `eddm` count errors of single rows, which no window has.
  public enum Name: String, Hashable, Codable, Sendable, CaseIterable {
    case adwin, kswin
    case pageHinkley = "page_hinkley"
    case hddmA = "hddm_a"
    case hddmW = "hddm_w"
  }

  /// Which one it is.
  public var name: Name {
    switch self {
    case .adwin: .adwin
    case .pageHinkley: .pageHinkley
    case .kswin: .kswin
    case .hddmA: .hddmA
    case .hddmW: .hddmW
    }
  }

  /// Whether it takes only values from 0 to 1.
  public var takesSharesOnly: Bool {
    switch self {
    case .adwin, .pageHinkley, .kswin: false
    case .hddmA, .hddmW: true
    }
  }

  /// Before the first value.
  var start: AnyStreamDetector {
    switch self {
    // River looks at every 32nd value, which would be more than a day of hourly windows.
    case .adwin(let delta): .adwin(ADWIN(delta: delta, clock: 1))
    case .pageHinkley(let threshold, let delta, let windows, let direction):
      .pageHinkley(PageHinkley(minimum: windows, delta: delta, threshold: threshold, direction: direction.counted))
    case .kswin(let alpha, let windows): .kswin(KSWIN(alpha: alpha, windowSize: windows, newest: windows * 3 / 10))
    case .hddmA(let confidence, let direction): .hddmA(HDDMA(driftConfidence: confidence, direction: direction.counted))
    case .hddmW(let confidence, let direction): .hddmW(HDDMW(driftConfidence: confidence, direction: direction.counted))
    }
  }
}

extension DetectorSpecification: Codable {
  private enum Key: String, CodingKey { case name, delta, threshold, windows, direction, alpha, confidence }

  /// Reads `name` and the settings that the detector has. Throws `DecodingError` when one is missing.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func number(_ key: Key) throws -> Double { try container.decode(Double.self, forKey: key) }
    func direction() throws -> Direction { try container.decode(Direction.self, forKey: .direction) }
    self =
      switch try container.decode(Name.self, forKey: .name) {
      case .adwin: .adwin(delta: try number(.delta))
      case .pageHinkley:
        .pageHinkley(
          threshold: try number(.threshold), delta: try number(.delta), windows: try container.decode(Int.self, forKey: .windows), direction: try direction())
      case .kswin: .kswin(alpha: try number(.alpha), windows: try container.decode(Int.self, forKey: .windows))
      case .hddmA: .hddmA(confidence: try number(.confidence), direction: try direction())
      case .hddmW: .hddmW(confidence: try number(.confidence), direction: try direction())
      }
  }

  /// Writes `name` and every setting, so that the rule stays what it was should a default ever change.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    switch self {
    case .adwin(let delta): try container.encode(delta, forKey: .delta)
    case .pageHinkley(let threshold, let delta, let windows, let direction):
      try container.encode(threshold, forKey: .threshold)
      try container.encode(delta, forKey: .delta)
      try container.encode(windows, forKey: .windows)
      try container.encode(direction, forKey: .direction)
    case .kswin(let alpha, let windows):
      try container.encode(alpha, forKey: .alpha)
      try container.encode(windows, forKey: .windows)
    case .hddmA(let confidence, let direction), .hddmW(let confidence, let direction):
      try container.encode(confidence, forKey: .confidence)
      try container.encode(direction, forKey: .direction)
    }
  }
}
