/// Figures of one name: what `# TYPE` and `# HELP` are said of once.
public struct MetricFamily: Sendable {
  /// What its values mean.
  public enum Kind: String, Sendable {
    /// A value that goes up and down.
    case gauge
    /// A count that only grows; written with `_total` after the name.
    case counter
    /// How often values fell below bounds.
    case histogram
  }

  /// Without `_total`.
  public let name: String
  /// What its values mean.
  public let kind: Kind
  /// One sentence.
  public let help: String
  /// The figures, each with labels of its own.
  public var samples: [MetricSample]

  /// Takes the values as they are; nothing is checked.
  public init(_ name: String, _ kind: Kind, _ help: String, _ samples: [MetricSample] = []) {
    self.name = name
    self.kind = kind
    self.help = help
    self.samples = samples
  }

  /// `seconds`, `bytes` or `ratio` when the name ends so.
  var unit: String? { ["seconds", "bytes", "ratio"].first { name.hasSuffix("_" + $0) } }

  /// Adds a figure.
  mutating func add(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) { samples.append(MetricSample(labels, .number(value))) }
}

/// One figure.
public struct MetricSample: Sendable {
  /// What it is of a family's kind.
  public enum Value: Sendable {
    case number(Double)
    case histogram(Histogram)
  }

  /// Names and values, in the order in which they are written.
  public let labels: [(name: String, value: String)]
  /// The figure.
  public let value: Value

  /// Takes the values as they are; nothing is checked.
  public init(_ labels: KeyValuePairs<String, String>, _ value: Value) {
    self.labels = labels.map { ($0.key, $0.value) }
    self.value = value
  }
}

/// How often values fell at or below each of some bounds.
public struct Histogram: Sendable, Hashable {
  /// Ascending.
  public let bounds: [Double]
  /// For each bound, values above the bound before it and not above it; then those above all bounds.
  public private(set) var counts: [Int64]
  /// Of all values.
  public private(set) var sum = 0.0

  /// Without values.
  /// - Parameter bounds: ascending.
  public init(_ bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  /// How many values there are.
  public var count: Int64 { counts.reduce(0, +) }

  /// Takes a value in.
  public mutating func observe(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }

  /// Takes in values that were put into one bucket elsewhere.
  mutating func add(bucket: Int, count: Int64, sum: Double) {
    counts[bucket] += count
    self.sum += sum
  }

  /// Answers of a service: 1 ms to 10 s.
  public static let answers = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  /// What happens at once or, when something is wrong, much later: 5 ms to an hour.
  public static let reactions = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 900, 3600]
  /// What takes its time: a second to 30 days.
  public static let spans = [1, 5, 15, 60, 300, 900, 3600, 10800, 43200, 86400, 259200, 604800, 2_592_000].map(Double.init)
}
