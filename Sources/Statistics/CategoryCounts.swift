/// How often each category (or bin) occurs in the reference and in the current data: the 2 × k table that categorical tests start from.
public struct CategoryCounts: Sendable, Hashable, Codable {
  /// Counts in the reference, one a category.
  public let reference: [Int]
  /// Counts in the current data, in the same order.
  public let current: [Int]

  /// - Precondition: both have the same length and no negative count.
  public init(reference: [Int], current: [Int]) {
    self.reference = reference
    self.current = current
  }

  /// Rows of the reference.
  public var referenceTotal: Int { reference.reduce(0, +) }
  /// Rows of the current data.
  public var currentTotal: Int { current.reduce(0, +) }

  /// Without the categories that neither side has.
  public var occurring: CategoryCounts {
    let kept = reference.indices.filter { reference[$0] + current[$0] > 0 }
    return CategoryCounts(reference: kept.map { reference[$0] }, current: kept.map { current[$0] })
  }

  /// The smallest count that independence would lead to expect in a cell; 0 when a side is empty.
  public var smallestExpected: Double {
    let (n, m) = (Double(referenceTotal), Double(currentTotal))
    guard n > 0, m > 0 else { return 0 }
    let smallest = zip(reference, current).map { $0 + $1 }.filter { $0 > 0 }.min() ?? 0
    return Double(smallest) * min(n, m) / (n + m)
  }

  /// - Throws: when a side has no rows.
  func totals() throws(NotComputable) -> (reference: Double, current: Double) {
    let (n, m) = (referenceTotal, currentTotal)
    guard n > 0 else { throw NotComputable("the reference has no values") }
    guard m > 0 else { throw NotComputable("the current data have no values") }
    return (Double(n), Double(m))
  }
}
