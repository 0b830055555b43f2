internal import Foundation

/// Quantiles of any number of values in bounded memory (KLL), with a stated rank error; exact as long as the values fit.
///
/// Merging in any order gives the same counts and quantiles within the stated error. Which half survives a compaction alternates, so that the same
/// values in the same order give the same sketch.
/// - Source: Karnin, Lang and Liberty (2016); the error constant as Apache DataSketches measured it.
public struct QuantileSketch: Sendable, Hashable, Codable {
  /// Governs size and error.
  public let capacity: Int
  /// How many values were seen.
  public private(set) var count = 0
  /// Level l's values stand for 2^l each.
  public private(set) var levels: [[Double]] = [[]]
  private var odd = false

  /// - Parameter capacity: of the top level; 1024 gives a rank error of 0.44 %.
  public init(capacity: Int = 1024) { self.capacity = capacity }

  /// Takes over what another program's sketch of the same kind has seen.
  /// - Parameter levels: level l's values stand for 2^l each, `count` in all.
  public init(capacity: Int, count: Int, levels: [[Double]]) {
    self.capacity = capacity
    self.count = count
    self.levels = levels.isEmpty ? [[]] : levels
  }

  /// More values than this are counted in no sketch: sums of counts stay exact.
  public static let mostValues = 1 << 53

  /// Whether the parts agree with each other, as those of a sketch that was written elsewhere may not: every operation on one that is sound ends, and
  /// overflows nothing.
  public var isSound: Bool {
    guard (1...1 << 24).contains(capacity), (0...QuantileSketch.mostValues).contains(count), (1...53).contains(levels.count) else { return false }
    var seen = 0
    for (level, values) in levels.enumerated() {
      guard values.count <= QuantileSketch.mostValues >> level, values.allSatisfy(\.isFinite) else { return false }
      seen += values.count << level
    }
    return seen == count
  }

  /// The difference of a rank from the true one that is exceeded in at most one of a hundred sketches, as a share; 0 while everything is kept.
  public var rankError: Double { levels.count == 1 ? 0 : 2.296 / pow(Double(capacity), 0.9021) }

  /// Takes finite numbers.
  public mutating func add(_ values: [Double]) {
    var start = 0
    while values.count - start >= 2 * capacity {
      let end = min(values.count, start + 16 * capacity)
      add(block: Array(values[start..<end]))
      start = end
    }
    count += values.count - start
    while start < values.count {
      let room = max(1, limit(0) - levels[0].count)
      let end = min(values.count, start + room)
      levels[0].append(contentsOf: values[start..<end])
      start = end
      if levels[0].count >= limit(0) { compact() }
    }
  }

  /// Takes many values at once: of the sorted block one in 2^l goes to level l, so that at most `capacity` of them do. Its ranks are off by at most half
  /// of that, which is less than compacting the block level by level would cost.
  private mutating func add(block: [Double]) {
    count += block.count
    var level = 0
    while block.count >> level > capacity { level += 1 }
    while levels.count <= level { levels.append([]) }
    var values = block
    RadixSort.ascending(&values)
    let step = 1 << level
    let whole = values.count / step * step
    // The middle of every step, the lower and the upper one in turn.
    for index in stride(from: odd ? step / 2 : (step - 1) / 2, to: whole, by: step) { levels[level].append(values[index]) }
    odd.toggle()
    levels[0].append(contentsOf: values[whole...])
    compact()
  }

  /// Takes what another has seen.
  public mutating func merge(_ other: QuantileSketch) {
    count += other.count
    while levels.count < other.levels.count { levels.append([]) }
    for (level, values) in other.levels.enumerated() { levels[level].append(contentsOf: values) }
    compact()
  }

  /// The lowest level takes whole buffers of `capacity`; levels above hold two thirds of the next, the top `capacity`.
  private func limit(_ level: Int) -> Int {
    level == 0 ? max(capacity, 2) : max(8, Int(Double(capacity) * pow(2.0 / 3, Double(levels.count - 1 - level))))
  }

  private mutating func compact() {
    var level = 0
    while level < levels.count {
      if levels[level].count >= max(2, limit(level)) {
        if level + 1 == levels.count { levels.append([]) }
        RadixSort.ascending(&levels[level])
        let values = levels[level]
        // An odd one out stays behind.
        let even = values.count / 2 * 2
        var kept: [Double] = []
        kept.reserveCapacity(even / 2)
        for index in stride(from: odd ? 1 : 0, to: even, by: 2) { kept.append(values[index]) }
        odd.toggle()
        levels[level] = even < values.count ? [values[even]] : []
        levels[level + 1].append(contentsOf: kept)
      }
      level += 1
    }
  }

  /// Values with the number of values each stands for, ascending.
  public var weighted: [(value: Double, weight: Int)] {
    levels.enumerated().flatMap { level, values in values.map { ($0, 1 << level) } }.sorted { $0.0 < $1.0 }
  }

  /// The value below which lies the share q; nil when empty.
  public func quantile(_ q: Double) -> Double? {
    let all = weighted
    guard let last = all.last else { return nil }
    if levels.count == 1 { return Sample(ascending: all.map(\.value)).quantile(q) }
    let target = q * Double(all.reduce(0) { $0 + $1.weight })
    var seen = 0.0
    for (value, weight) in all {
      seen += Double(weight)
      if seen >= target { return value }
    }
    return last.value
  }

  /// At most `size` values spread like the ones seen, in order: all of them while they are kept.
  public func representatives(_ size: Int) -> Sample {
    let all = weighted
    if levels.count == 1, all.count <= size { return Sample(ascending: all.map(\.value)) }
    let total = Double(all.reduce(0) { $0 + $1.weight })
    var result: [Double] = []
    var (index, seen) = (0, 0.0)
    for step in 0..<size {
      let target = (Double(step) + 0.5) / Double(size) * total
      while index < all.count - 1, seen + Double(all[index].weight) < target {
        seen += Double(all[index].weight)
        index += 1
      }
      result.append(all[index].value)
    }
    return Sample(ascending: result)
  }
}
