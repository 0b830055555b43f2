internal import Statistics
public import Values

/// One side of a column, described.
public struct ColumnSummary: Sendable, Hashable, Codable {
  /// A category and how often it occurs.
  public struct Category: Sendable, Hashable, Codable {
    /// The category.
    public var value: String
    /// How often it occurs.
    public var count: Int
    /// Of the values present.
    public var share: Double
  }

  /// A quantile; `at` is its share in 0...1.
  public struct Quantile: Sendable, Hashable, Codable {
    /// The share, 0...1.
    public var at: Double
    /// Below it lies that share of the values.
    public var value: Double
  }

  /// Values present.
  public var count: Int
  /// Rows without a value.
  public var missing: Int
  /// Of finite numbers and times (seconds since 1970); nil for categories.
  public var mean: Double?
  /// The sample's (n − 1).
  public var std: Double?
  /// The smallest finite one; nil for categories, and without any.
  public var min: Double?
  /// The largest finite one; nil for categories, and without any.
  public var max: Double?
  /// At 0.05, 0.25, 0.5, 0.75 and 0.95, linear between neighbours; empty for categories.
  public var quantiles: [Quantile]
  /// How many categories; nil for numbers.
  public var distinct: Int?
  /// The 20 most frequent categories; empty for numbers.
  public var top: [Category]
  /// Whether the numbers are instants, which JSON shows as RFC 3339.
  public var areTimes: Bool

  /// The shares at which quantiles are given.
  public static let quantileShares = [0.05, 0.25, 0.5, 0.75, 0.95]

  /// Numbers or times, in seconds since 1970.
  init(_ sample: Sample, missing: Int, areTimes: Bool) {
    let finite = sample.finite
    count = sample.count
    self.missing = missing
    self.areTimes = areTimes
    distinct = nil
    top = []
    guard finite.count > 0 else {
      (mean, std, min, max) = (nil, nil, nil, nil)
      quantiles = []
      return
    }
    mean = ColumnSummary.finite(finite.mean)
    std = finite.count > 1 ? ColumnSummary.finite(finite.standardDeviation(degreesLost: 1)) : nil
    min = finite.values[0]
    max = finite.values[finite.count - 1]
    quantiles = ColumnSummary.quantileShares.map { Quantile(at: $0, value: finite.quantile($0)) }
  }

  /// Categories with their counts.
  init(_ counts: [(value: String, count: Int)], missing: Int) {
    let total = counts.reduce(0) { $0 + $1.count }
    count = total
    self.missing = missing
    areTimes = false
    (mean, std, min, max) = (nil, nil, nil, nil)
    quantiles = []
    distinct = counts.count
    let ordered = counts.sorted { $0.count != $1.count ? $0.count > $1.count : $0.value < $1.value }
    top = ordered.prefix(20).map { Category(value: $0.value, count: $0.count, share: Double($0.count) / Double(total)) }
  }

  private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }

  /// As `kedge compare -o json` prints it.
  public var json: JSON {
    if let distinct {
      return [
        "count": .integer(Int64(count)), "missing": .integer(Int64(missing)), "distinct": .integer(Int64(distinct)),
        "top": .array(top.map { ["value": .string($0.value), "count": .integer(Int64($0.count)), "share": JSON($0.share)] }),
      ]
    }
    return JSON([
      ("count", .integer(Int64(count))), ("missing", .integer(Int64(missing))), ("mean", point(mean)), ("std", JSON(std)), ("min", point(min)),
      ("max", point(max)), ("quantiles", JSON(quantiles.map { (JSON.number($0.at).description, point($0.value)) })),
    ])
  }

  private func point(_ value: Double?) -> JSON {
    guard areTimes, let value, abs(value) < 9e12 else { return JSON(value) }
    return .string(Timestamp(microseconds: Int64((value * 1e6).rounded())).description)
  }
}
