/// What a detector says after a value.
public struct StreamSignal: Sendable, Hashable, Codable {
  /// The values changed. The detector starts afresh with the next value.
  public var drift = false
  /// They may be about to.
  public var warning = false

  /// Neither, unless told otherwise.
  public init(drift: Bool = false, warning: Bool = false) {
    self.drift = drift
    self.warning = warning
  }
}

/// Watches a stream of numbers, one at a time, in bounded memory.
///
/// A value type that can be written down and read back, so that one worker can stop and another go on. After a detection it resets fully at
/// the next update, as River's do.
public protocol StreamDetector: Sendable, Codable, Hashable {
  /// Takes the next value and says what follows from it.
  mutating func update(_ value: Double) -> StreamSignal
}

/// A detector by name, so that a stored state knows what it is.
public enum AnyStreamDetector: Sendable, Hashable, Codable {
  case adwin(ADWIN)
  case ddm(DDM)
  case eddm(EDDM)
  case hddmA(HDDMA)
  case hddmW(HDDMW)
  case pageHinkley(PageHinkley)
  case kswin(KSWIN)

  /// With its defaults; nil when there is no detector of that name.
  public init?(_ name: String) {
    switch name.lowercased() {
    case "adwin": self = .adwin(ADWIN())
    case "ddm": self = .ddm(DDM())
    case "eddm": self = .eddm(EDDM())
    case "hddm_a": self = .hddmA(HDDMA())
    case "hddm_w": self = .hddmW(HDDMW())
    case "page_hinkley": self = .pageHinkley(PageHinkley())
    case "kswin": self = .kswin(KSWIN())
    default: return nil
    }
  }

  /// The names, as users type them.
  public static let names = ["adwin", "ddm", "eddm", "hddm_a", "hddm_w", "page_hinkley", "kswin"]

  /// Whether the values must be errors (0 or 1): DDM and EDDM count them.
  public static let takesErrorsOnly: Set<String> = ["ddm", "eddm"]

  /// As users type it.
  public var name: String {
    switch self {
    case .adwin: "adwin"
    case .ddm: "ddm"
    case .eddm: "eddm"
    case .hddmA: "hddm_a"
    case .hddmW: "hddm_w"
    case .pageHinkley: "page_hinkley"
    case .kswin: "kswin"
    }
  }

  /// Takes the next value and says what follows from it.
  public mutating func update(_ value: Double) -> StreamSignal {
    switch self {
    case .adwin(var detector): return AnyStreamDetector.step(&detector, value, &self) { .adwin($0) }
    case .ddm(var detector): return AnyStreamDetector.step(&detector, value, &self) { .ddm($0) }
    case .eddm(var detector): return AnyStreamDetector.step(&detector, value, &self) { .eddm($0) }
    case .hddmA(var detector): return AnyStreamDetector.step(&detector, value, &self) { .hddmA($0) }
    case .hddmW(var detector): return AnyStreamDetector.step(&detector, value, &self) { .hddmW($0) }
    case .pageHinkley(var detector): return AnyStreamDetector.step(&detector, value, &self) { .pageHinkley($0) }
    case .kswin(var detector): return AnyStreamDetector.step(&detector, value, &self) { .kswin($0) }
    }
  }

  private static func step<Detector: StreamDetector>(
    _ detector: inout Detector, _ value: Double, _ whole: inout AnyStreamDetector, _ wrap: (Detector) -> AnyStreamDetector
  ) -> StreamSignal {
    // The copy inside the case is let go first, so that its buffers are not copied.
    whole = .ddm(DDM())
    let signal = detector.update(value)
    whole = wrap(detector)
    return signal
  }

  /// Runs a whole column through it; missing values (NaN) are passed over but counted.
  /// - Returns: the zero-based positions of detections and of warnings.
  public mutating func run(_ values: [Double]) -> (drift: [Int], warning: [Int]) {
    switch self {
    case .adwin(var detector):
      defer { self = .adwin(detector) }
      return AnyStreamDetector.run(&detector, values)
    case .ddm(var detector):
      defer { self = .ddm(detector) }
      return AnyStreamDetector.run(&detector, values)
    case .eddm(var detector):
      defer { self = .eddm(detector) }
      return AnyStreamDetector.run(&detector, values)
    case .hddmA(var detector):
      defer { self = .hddmA(detector) }
      return AnyStreamDetector.run(&detector, values)
    case .hddmW(var detector):
      defer { self = .hddmW(detector) }
      return AnyStreamDetector.run(&detector, values)
    case .pageHinkley(var detector):
      defer { self = .pageHinkley(detector) }
      return AnyStreamDetector.run(&detector, values)
    case .kswin(var detector):
      defer { self = .kswin(detector) }
      return AnyStreamDetector.run(&detector, values)
    }
  }

  private static func run(_ detector: inout some StreamDetector, _ values: [Double]) -> (drift: [Int], warning: [Int]) {
    var (drift, warning): ([Int], [Int]) = ([], [])
    for (index, value) in values.enumerated() where !value.isNaN {
      let signal = detector.update(value)
      if signal.drift { drift.append(index) }
      if signal.warning { warning.append(index) }
    }
    return (drift, warning)
  }
}

/// A mean that is updated value by value.
struct RunningMean: Sendable, Hashable, Codable {
  private(set) var count = 0.0
  private(set) var value = 0.0

  mutating func add(_ x: Double) {
    count += 1
    value += (x - value) / count
  }
}
