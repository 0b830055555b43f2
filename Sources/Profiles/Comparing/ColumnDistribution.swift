internal import Foundation
internal import Statistics
public import Values

/// Both sides of a column laid over each other, for reports and terminals: what a picture needs, not what a verdict needs.
public struct ColumnDistribution: Sendable, Hashable, Codable {
  /// A category's share of each side's values.
  public struct Category: Sendable, Hashable, Codable {
    public var value: String
    public var reference: Double
    public var current: Double
  }

  /// The values below which lies the same share of each side.
  public struct QuantilePair: Sendable, Hashable, Codable {
    public var at: Double
    public var reference: Double
    public var current: Double
  }

  public var name: String
  public var type: ColumnType
  /// Of equal-width bins over the middle 99 % of both sides; one more than there are bins. Empty for categories. Times in seconds since 1970.
  public var edges: [Double] = []
  /// Share of the reference's values in each bin; the outermost two take what lies beyond.
  public var reference: [Double] = []
  public var current: [Double] = []
  /// At 1 %, 2 %, … 99 %; empty for categories.
  public var quantiles: [QuantilePair] = []
  /// The most frequent of both sides together; empty for numbers.
  public var categories: [Category] = []
  /// The share of the reference's and of the current values in the categories that are not listed.
  public var otherReference = 0.0
  public var otherCurrent = 0.0

  /// Most categories listed.
  public static let mostCategories = 20

  /// Of each column that both sides have in the same kind, in the reference's order.
  /// - Throws: `TableError` as `Comparison.run` does.
  public static func all(
    reference: ComparisonSide, current: ComparisonSide, options: ComparisonOptions = ComparisonOptions(), bins: Int = 40
  ) throws(TableError) -> [ColumnDistribution] {
    let plan = try ColumnPlan.make(reference: reference, current: current, options: options)
    return Parallel.map(plan.entries) { entry -> ColumnDistribution? in
      guard entry.skipped == nil, let other = entry.current else { return nil }
      return ColumnDistribution(entry.reference.name, entry.type, entry.reference.prepared(as: entry.type), other.prepared(as: entry.type), bins)
    }.compactMap { $0 }
  }

  private init?(_ name: String, _ type: ColumnType, _ reference: PreparedColumn, _ current: PreparedColumn, _ bins: Int) {
    self.name = name
    self.type = type
    switch (reference.content, current.content) {
    case (.numbers(let a), .numbers(let b)): numbers(a.finite, b.finite, bins)
    case (.categories(let a), .categories(let b)): categories(a, b)
    case (.texts(_, let a), .texts(_, let b)): categories(a, b)
    default: return nil
    }
  }

  private mutating func numbers(_ a: Sample, _ b: Sample, _ bins: Int) {
    let sides = [a, b].filter { !$0.isEmpty }
    guard let low = sides.map({ $0.quantile(0.005) }).min(), let high = sides.map({ $0.quantile(0.995) }).max() else { return }
    let (first, last) = low < high ? (low, high) : (low - 0.5, low + 0.5)
    edges = (0...bins).map { first + (last - first) * Double($0) / Double(bins) }
    let inner = Bins(innerEdges: Array(edges.dropFirst().dropLast()))
    func shares(_ sample: Sample) -> [Double] { inner.counts(sample).map { sample.isEmpty ? 0 : Double($0) / Double(sample.count) } }
    (reference, current) = (shares(a), shares(b))
    guard !a.isEmpty, !b.isEmpty else { return }
    quantiles = (1...99).map { QuantilePair(at: Double($0) / 100, reference: a.quantile(Double($0) / 100), current: b.quantile(Double($0) / 100)) }
  }

  private mutating func categories(_ a: [(value: String, count: Int)], _ b: [(value: String, count: Int)]) {
    let (values, counts) = PreparedColumn.table(a, b)
    let (n, m) = (Double(max(1, counts.referenceTotal)), Double(max(1, counts.currentTotal)))
    let all = values.indices.map { Category(value: values[$0], reference: Double(counts.reference[$0]) / n, current: Double(counts.current[$0]) / m) }
    let ordered = all.sorted { $0.reference + $0.current > $1.reference + $1.current }
    categories = Array(ordered.prefix(ColumnDistribution.mostCategories))
    for category in ordered.dropFirst(ColumnDistribution.mostCategories) {
      otherReference += category.reference
      otherCurrent += category.current
    }
  }

  /// For reports as JSON.
  public var json: JSON {
    func list(_ values: [Double]) -> JSON { .array(values.map { JSON($0) }) }
    return JSON([
      ("name", .string(name)), ("type", .string(type.rawValue)),
      ("histogram", edges.isEmpty ? nil : ["edges": list(edges), "reference": list(reference), "current": list(current)]),
      (
        "quantiles",
        quantiles.isEmpty ? nil : .array(quantiles.map { ["at": JSON($0.at), "reference": JSON($0.reference), "current": JSON($0.current)] })
      ),
      (
        "categories",
        categories.isEmpty
          ? nil : .array(categories.map { ["value": .string($0.value), "reference": JSON($0.reference), "current": JSON($0.current)] })
      ), ("other", categories.isEmpty ? nil : ["reference": JSON(otherReference), "current": JSON(otherCurrent)]),
    ])
  }
}
