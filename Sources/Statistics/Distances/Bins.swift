/// Intervals that cut the number line, by their inner edges; the outermost two are open to infinity.
public struct Bins: Sendable, Hashable, Codable {
  /// Ascending; k edges make k + 1 bins, each containing its upper edge.
  public let innerEdges: [Double]

  /// - Precondition: ascending.
  public init(innerEdges: [Double]) { self.innerEdges = innerEdges }

  /// The reference's own quantiles, linear between neighbours, duplicates removed.
  /// - Parameter count: how many bins are asked for; ties may leave fewer.
  /// - Throws: when the reference is empty or has one value only.
  public static func quantiles(of reference: Sample, count: Int = 10) throws(NotComputable) -> Bins {
    guard !reference.isEmpty else { throw NotComputable("the reference has no values") }
    var edges: [Double] = []
    for i in 0...count {
      let edge = reference.quantile(Double(i) / Double(count))
      if edge != edges.last { edges.append(edge) }
    }
    guard edges.count > 1 else { throw NotComputable("the reference has one value only, so it has no quantiles to cut by") }
    return Bins(innerEdges: Array(edges.dropFirst().dropLast()))
  }

  /// How many of the sample's values fall into each bin.
  /// - Complexity: O(bins · log n), by binary search in the sorted sample.
  public func counts(_ sample: Sample) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(innerEdges.count + 1)
    var seen = 0
    for edge in innerEdges {
      let upTo = Search.upperBound(sample.values, edge, from: seen)
      result.append(upTo - seen)
      seen = upTo
    }
    result.append(sample.count - seen)
    return result
  }

  /// Both samples' counts.
  public func counts(_ reference: Sample, _ current: Sample) -> CategoryCounts {
    CategoryCounts(reference: counts(reference), current: counts(current))
  }
}

/// Binary search in ascending values.
enum Search {
  /// The first index whose value is greater than x.
  static func upperBound(_ values: [Double], _ x: Double, from start: Int = 0) -> Int {
    var (low, high) = (start, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] <= x { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The first index whose value is at least x.
  static func lowerBound(_ values: [Double], _ x: Double, from start: Int = 0) -> Int {
    var (low, high) = (start, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < x { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
