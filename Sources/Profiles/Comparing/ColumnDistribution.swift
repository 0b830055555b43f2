internal import Foundation
internal import Statistics
public import Values

/// Both sides of a column laid over each other, for reports and terminals: what a picture needs, not what a verdict needs.
public struct ColumnDistribution: Sendable, Hashable, Codable {
  /// A category's share of each side's values.
  public struct Category: Sendable, Hashable, Codable {
    /// The category.
    public var value: String
    /// Its share of the reference's values, 0...1.
    public var reference: Double
    /// Its share of the current values, 0...1.
    public var current: Double
  }

  /// The values below which lies the same share of each side.
  public struct QuantilePair: Sendable, Hashable, Codable {
    /// The share, 0...1.
    public var at: Double
    /// The reference's value there.
    public var reference: Double
    /// The current value there.
    public var current: Double
  }

  /// The column's name.
  public var name: String
  /// What the column is compared as.
  public var type: ColumnType
  /// Of equal-width bins over the middle 99 % of both sides, each with as many whole numbers if all are whole; one more than there are bins. Empty for
  /// categories. Times in seconds since 1970.
  public var edges: [Double] = []
  /// Share of the reference's values in each bin.
  public var reference: [Double] = []
  /// Share of the current values in each bin.
  public var current: [Double] = []
  /// Share of the reference's values that lie outside the bins.
  public var beyondReference = 0.0
  /// Of the current values, 0...1.
  public var beyondCurrent = 0.0
  /// The reference's density at equally spaced places from the first edge to the last; empty where it has no spread, for few whole numbers and for
  /// categories.
  public var referenceDensity: [Double] = []
  /// Of the current values, as `referenceDensity`.
  public var currentDensity: [Double] = []
  /// At 1 %, 2 %, … 99 %; empty for categories.
  public var quantiles: [QuantilePair] = []
  /// The most frequent of both sides together; empty for numbers.
  public var categories: [Category] = []
  /// The share of the reference's and of the current values in the categories that are not listed.
  public var otherReference = 0.0
  /// Of the current values, 0...1.
  public var otherCurrent = 0.0

  /// Most categories listed.
  public static let mostCategories = 20
  /// Places at which densities are given.
  public static let densityPoints = 64
  /// Bins of a histogram.
  public static let bins = 40

  /// Of a column made ready; nil when the two sides hold different kinds.
  /// - Parameter deviations: of both sides, where they are known.
  init?(_ name: String, _ type: ColumnType, _ reference: PreparedColumn, _ current: PreparedColumn, deviations: (Double?, Double?)) {
    self.name = name
    self.type = type
    switch (reference.content, current.content) {
    case (.numbers(let a), .numbers(let b)): numbers(a.finite, b.finite, areWhole: reference.isInteger && current.isInteger, deviations)
    case (.categories(let a), .categories(let b)): categories(a, b)
    case (.texts(_, let a), .texts(_, let b)): categories(a, b)
    default: return nil
    }
  }

  /// Of numbers that are no column, such as the confidence of predictions.
  init(name: String, reference: Sample, current: Sample) {
    self.name = name
    type = .numeric
    numbers(reference.finite, current.finite, areWhole: false, (nil, nil))
  }

  private mutating func numbers(_ a: Sample, _ b: Sample, areWhole: Bool, _ deviations: (Double?, Double?)) {
    let sides = [a, b].filter { !$0.isEmpty }
    guard let low = sides.map({ $0.quantile(0.005) }).min(), let high = sides.map({ $0.quantile(0.995) }).max(), (high - low).isFinite else { return }
    let isFew = areWhole && high - low < Double(ColumnDistribution.bins)
    if areWhole, max(abs(low), abs(high)) < 1e15 {
      // As many whole numbers in every bin, so that none stands out for holding one more.
      let (first, span) = (low.rounded(.down), high.rounded(.up) - low.rounded(.down) + 1)
      let width = (span / Double(ColumnDistribution.bins)).rounded(.up)
      edges = (0...Int((span / width).rounded(.up))).map { first - 0.5 + width * Double($0) }
    } else {
      // Around one value alone, a stretch that its own size can show.
      let margin = max(0.5, abs(low) * 1e-6)
      let (first, last) = low < high ? (low, high) : (low - margin, low + margin)
      edges = (0...ColumnDistribution.bins).map { first + (last - first) * Double($0) / Double(ColumnDistribution.bins) }
    }
    (reference, beyondReference) = shares(a)
    (current, beyondCurrent) = shares(b)
    if !isFew, low < high, let first = edges.first, let last = edges.last {
      let points = ColumnDistribution.densityPoints
      referenceDensity = KernelDensity.estimate(a, deviation: deviations.0, from: first, to: last, points: points)
      currentDensity = KernelDensity.estimate(b, deviation: deviations.1, from: first, to: last, points: points)
    }
    guard !a.isEmpty, !b.isEmpty else { return }
    quantiles = (1...99).map { QuantilePair(at: Double($0) / 100, reference: a.quantile(Double($0) / 100), current: b.quantile(Double($0) / 100)) }
  }

  /// The share in each bin, its upper edge included and the very first edge too, and the share in none.
  private func shares(_ sample: Sample) -> (inside: [Double], beyond: Double) {
    guard !sample.isEmpty, let first = edges.first else { return (edges.dropFirst().map { _ in 0 }, 0) }
    let counts = Bins(innerEdges: [first.nextDown] + edges.dropFirst()).counts(sample)
    let total = Double(sample.count)
    return (counts.dropFirst().dropLast().map { Double($0) / total }, Double((counts.first ?? 0) + (counts.last ?? 0)) / total)
  }

  private mutating func categories(_ a: [(value: String, count: Int)], _ b: [(value: String, count: Int)]) {
    let (values, counts) = PreparedColumn.table(a, b)
    let (n, m) = (Double(max(1, counts.referenceTotal)), Double(max(1, counts.currentTotal)))
    let all = values.indices.map { Category(value: values[$0], reference: Double(counts.reference[$0]) / n, current: Double(counts.current[$0]) / m) }
    let ordered = all.indices.sorted { one, other in
      let (x, y) = (all[one].reference + all[one].current, all[other].reference + all[other].current)
      return x == y ? one < other : x > y
    }
    categories = ordered.prefix(ColumnDistribution.mostCategories).map { all[$0] }
    for index in ordered.dropFirst(ColumnDistribution.mostCategories) {
      otherReference += all[index].reference
      otherCurrent += all[index].current
    }
  }

  /// For reports as JSON.
  public var json: JSON {
    func list(_ values: [Double]) -> JSON { .array(values.map { JSON($0) }) }
    return JSON([
      ("name", .string(name)), ("type", .string(type.rawValue)),
      (
        "histogram",
        edges.isEmpty
          ? nil
          : [
            "edges": list(edges), "reference": list(reference), "current": list(current),
            "beyond": ["reference": JSON(beyondReference), "current": JSON(beyondCurrent)],
          ]
      ),
      (
        "density",
        referenceDensity.isEmpty && currentDensity.isEmpty
          ? nil : ["from": JSON(edges.first), "to": JSON(edges.last), "reference": list(referenceDensity), "current": list(currentDensity)]
      ),
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
