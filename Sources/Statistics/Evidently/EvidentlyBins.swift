internal import Foundation

/// Evidently's bins: numpy's "sturges" over both samples for numbers of which the reference has more than 20, else one bin a value.
enum EvidentlyBins {
  static func counts(_ reference: Sample, _ current: Sample, isInteger: Bool) throws(NotComputable) -> CategoryCounts {
    if reference.distinctCount(upTo: 20) > 20 {
      let edges = try sturges(
        lowest: min(reference.values[0], current.values[0]), highest: max(reference.values[reference.count - 1], current.values[current.count - 1]),
        count: reference.count + current.count, isInteger: isInteger)
      return CategoryCounts(reference: histogram(reference, edges), current: histogram(current, edges))
    }
    var (a, b): ([Int], [Int]) = ([], [])
    TieGroups.forEach(reference, current) { _, inReference, inCurrent in
      a.append(inReference)
      b.append(inCurrent)
    }
    return CategoryCounts(reference: a, current: b)
  }

  /// For Hellinger's distance: "sturges" over the distinct values.
  static func hellinger(_ reference: Sample, _ current: Sample, isInteger: Bool) throws(NotComputable) -> CategoryCounts {
    var distinct: [Double] = []
    TieGroups.forEach(reference, current) { value, _, _ in distinct.append(value) }
    let edges = try sturges(lowest: distinct[0], highest: distinct[distinct.count - 1], count: distinct.count, isInteger: isInteger)
    return CategoryCounts(reference: histogram(reference, edges), current: histogram(current, edges))
  }

  /// numpy's `histogram_bin_edges(bins="sturges")`: width (max − min)/(log₂ N + 1), for int64 never below 1, and equal bins that fill the range.
  static func sturges(lowest: Double, highest: Double, count: Int, isInteger: Bool) throws(NotComputable) -> [Double] {
    guard lowest.isFinite, highest.isFinite else { throw NotComputable("there are infinite values, which no bins hold") }
    guard lowest < highest else { return [lowest - 0.5, highest + 0.5] }
    var width = (highest - lowest) / (log2(Double(count)) + 1)
    if isInteger, width < 1 { width = 1 }
    let bins = max(1, Int(((highest - lowest) / width).rounded(.up)))
    let step = (highest - lowest) / Double(bins)
    return (0..<bins).map { Double($0) * step + lowest } + [highest]
  }

  /// Left-closed bins, the last closed on both sides.
  static func histogram(_ sample: Sample, _ edges: [Double]) -> [Int] {
    var result: [Int] = []
    var before = Search.lowerBound(sample.values, edges[0])
    for (index, edge) in edges.enumerated().dropFirst() {
      let upTo =
        index == edges.count - 1 ? Search.upperBound(sample.values, edge, from: before) : Search.lowerBound(sample.values, edge, from: before)
      result.append(upTo - before)
      before = upTo
    }
    return result
  }

  /// Empty bins become a millionth of the smallest share if that is at most 1e-4, else 1e-4; nothing is normalised.
  static func filled(_ shares: [Double]) -> [Double] {
    guard let smallest = shares.filter({ $0 > 0 }).min() else { return shares }
    let fill = smallest <= 1e-4 ? smallest / 1e6 : 1e-4
    return shares.map { $0 > 0 ? $0 : fill }
  }
}
