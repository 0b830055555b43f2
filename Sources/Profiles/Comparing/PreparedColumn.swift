internal import Foundation
internal import Statistics

/// One side of a column, made ready to be compared: sorted numbers, or counted categories, or texts.
struct PreparedColumn: Sendable {
  enum Content: Sendable {
    /// Without NaN, infinities kept.
    case numbers(Sample)
    /// Sorted by category: numerically where the categories are numbers.
    case categories([(value: String, count: Int)])
    /// Those present, and how often each different one occurs.
    case texts([String], distinct: [(value: String, count: Int)])
  }

  let content: Content
  /// Whether the values are whole numbers, none missing.
  let isInteger: Bool
  let rows: Int
  let missing: Int
  let infinite: Int
  /// Of a side that is a profile: what its quantiles are off by, as a share of the rows; nil when the values themselves are at hand.
  var rankError: Double?
  /// Of a profile: mean and deviation of all its values, which the representatives give only about.
  private var described: ColumnSummary?

  /// Values that stand for a profile's.
  static let representatives = 20_000

  /// From a profile: numbers by values that represent its quantiles, categories by its counts.
  init(profile: ColumnProfile, as type: ColumnType) {
    rows = profile.rows
    missing = profile.missing
    infinite = profile.infinite
    isInteger = profile.isInteger
    if type == .numeric || type == .datetime || profile.frequent == nil {
      let sample = profile.quantiles.representatives(PreparedColumn.representatives)
      content = .numbers(sample)
      rankError = profile.quantiles.rankError
      var summary = ColumnSummary(sample, missing: profile.missing, areTimes: type == .datetime)
      summary.count = profile.count
      summary.mean = profile.moments.count > 0 ? profile.moments.mean : nil
      summary.std = profile.moments.standardDeviation
      summary.min = profile.moments.min
      summary.max = profile.moments.max
      summary.quantiles = ColumnSummary.quantileShares.compactMap { at in profile.quantiles.quantile(at).map { .init(at: at, value: $0) } }
      described = summary
    } else {
      let counts = (profile.frequent?.counts ?? [:]).map { (value: $0.key, count: $0.value) }.sorted { PreparedColumn.inOrder($0.value, $1.value) }
      if type == .text, profile.isExact {
        content = .texts(counts.flatMap { repeatElement($0.value, count: $0.count) }, distinct: counts)
      } else {
        content = .categories(counts)
      }
      rankError = 0
      described = nil
    }
  }

  /// - Parameter type: what the column is compared as.
  init(_ column: Column, as type: ColumnType) {
    rows = column.count
    isInteger = column.isInteger
    switch (type, column.values) {
    case (.numeric, _), (.datetime, _):
      let sample = Sample(column.numbers)
      missing = rows - sample.count
      infinite = (sample.values.first == -.infinity || sample.values.last == .infinity) ? sample.count - sample.finite.count : 0
      content = .numbers(sample)
    case (.text, .strings(let strings)):
      let texts = strings.codes.compactMap { $0 < 0 ? nil : strings.dictionary[Int($0)] }
      missing = rows - texts.count
      infinite = 0
      content = .texts(texts, distinct: PreparedColumn.count(strings))
    case (_, .numbers(let numbers)):
      let sample = Sample(numbers)
      var counts: [(value: String, count: Int)] = []
      var last = Double.nan
      for value in sample.values {
        if value == last {
          counts[counts.count - 1].count += 1
        } else {
          counts.append((Column.text(value), 1))
          last = value
        }
      }
      missing = rows - sample.count
      infinite = 0
      content = .categories(counts)
    case (_, .strings(let strings)):
      let counts = PreparedColumn.count(strings)
      missing = rows - counts.reduce(0) { $0 + $1.count }
      infinite = 0
      content = .categories(counts)
    case (_, .times(let times)):
      let counts = PreparedColumn.count(StringColumn(times.indices.map { column.string(at: $0) }))
      missing = times.count { $0 == Column.missingTime }
      infinite = 0
      content = .categories(counts)
    }
  }

  /// Values present.
  var present: Int { rows - missing }

  private static func count(_ strings: StringColumn) -> [(value: String, count: Int)] {
    var counts = [Int](repeating: 0, count: strings.dictionary.count)
    for code in strings.codes where code >= 0 { counts[Int(code)] += 1 }
    var result: [(value: String, count: Int)] = []
    for (value, count) in zip(strings.dictionary, counts) where count > 0 { result.append((value, count)) }
    return result.sorted { PreparedColumn.inOrder($0.value, $1.value) }
  }

  /// Numbers by value and before other texts; texts by code point, as Python sorts.
  static func inOrder(_ left: String, _ right: String) -> Bool {
    switch (Double(left), Double(right)) {
    case (let a?, let b?): a < b
    case (_?, nil): true
    case (nil, _?): false
    case (nil, nil): left.utf8.lexicographicallyPrecedes(right.utf8)
    }
  }

  /// The two sides' categories in one table, in order.
  static func table(_ reference: [(value: String, count: Int)], _ current: [(value: String, count: Int)]) -> (values: [String], counts: CategoryCounts) {
    let a = Dictionary(uniqueKeysWithValues: reference.map { ($0.value, $0.count) })
    let b = Dictionary(uniqueKeysWithValues: current.map { ($0.value, $0.count) })
    let values = Set(a.keys).union(b.keys).sorted(by: inOrder)
    return (values, CategoryCounts(reference: values.map { a[$0] ?? 0 }, current: values.map { b[$0] ?? 0 }))
  }

  /// The side described.
  func summary(areTimes: Bool) -> ColumnSummary {
    if let described { return described }
    return switch content {
    case .numbers(let sample): ColumnSummary(sample, missing: missing, areTimes: areTimes)
    case .categories(let counts): ColumnSummary(counts, missing: missing)
    case .texts(_, let counts): ColumnSummary(counts, missing: missing)
    }
  }
}
