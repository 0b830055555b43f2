/// How often the most frequent texts occur, in bounded memory (Misra and Gries): exact as long as the different texts fit, else too low by at most
/// `error`.
/// - Source: Misra and Gries (1982); merging by Agarwal et al. (2012).
public struct FrequentItems: Sendable, Hashable, Codable {
  /// Most texts kept.
  public let capacity: Int
  public private(set) var counts: [String: Int] = [:]
  /// By how much a count may be too low; 0 while everything is kept.
  public private(set) var error = 0
  /// All texts seen.
  public private(set) var total = 0

  /// Exact for up to so many different texts.
  public init(capacity: Int = 2048) { self.capacity = capacity }

  /// Takes over what another program's sketch of the same kind has seen.
  public init(capacity: Int, counts: [String: Int], error: Int, total: Int) {
    self.capacity = capacity
    self.counts = counts
    self.error = error
    self.total = total
  }

  /// Whether the parts agree with each other, as those of a sketch that was written elsewhere may not.
  public var isSound: Bool {
    let most = QuantileSketch.mostValues
    return (1...1 << 30).contains(capacity) && counts.count <= 2 * capacity && (0...most).contains(error) && (0...most).contains(total)
      && counts.values.allSatisfy { (0...total).contains($0) }
  }

  /// Takes a text so many times.
  public mutating func add(_ text: String, count: Int = 1) {
    counts[text, default: 0] += count
    total += count
    if counts.count > capacity * 2 { shrink() }
  }

  /// Takes what another has seen.
  public mutating func merge(_ other: FrequentItems) {
    for (text, count) in other.counts { counts[text, default: 0] += count }
    error += other.error
    total += other.total
    if counts.count > capacity { shrink() }
  }

  /// Takes the count just below the kept ones from all.
  private mutating func shrink() {
    guard counts.count > capacity else { return }
    let cut = counts.values.sorted(by: >)[capacity]
    counts = counts.compactMapValues { $0 > cut ? $0 - cut : nil }
    error += cut
  }
}
