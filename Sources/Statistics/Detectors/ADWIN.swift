internal import Foundation

/// Adaptive windowing: keeps as long a window as its mean stays the same, in exponentially growing buckets.
///
/// - Complexity: O(1) an update on average, O(log n) memory.
/// - Source: Bifet and Gavaldà (2007), with the variance bound; parameters and cuts as River 0.26, against which the indices are checked.
public struct ADWIN: StreamDetector {
  /// The chance of a false cut at each check.
  public let delta: Double
  /// Checked every so many values.
  public let clock: Int
  /// Buckets a level.
  public let bucketsPerLevel: Int
  /// Neither side of a cut is shorter.
  public let smallestWindow: Int
  /// No check before so many values.
  public let gracePeriod: Int

  /// A bucket of level l stands for 2^l values.
  private var levels = [Level()]
  /// Level by level, `slots` each.
  private var buckets: [Bucket]
  /// How many values the window holds.
  public private(set) var width = 0.0
  /// Their sum.
  public private(set) var total = 0.0
  /// Their sum of squares about the mean.
  public private(set) var variance = 0.0
  /// Values until the next check.
  private var untilCheck: Int
  private var detected = false

  private struct Bucket: Sendable, Hashable, Codable {
    var total = 0.0
    /// Sum of squares about the bucket's mean.
    var variance = 0.0
  }

  /// Buckets of one size, in a ring: dropping the oldest moves none.
  private struct Level: Sendable, Hashable, Codable {
    /// The slot of the oldest.
    var first = 0
    var count = 0
  }

  private var capacity: Int { bucketsPerLevel &+ 1 }
  /// Slots a level has: a power of two, so that a slot's number is found by a mask.
  private let slots: Int

  /// Defaults as River 0.26.
  public init(delta: Double = 0.002, clock: Int = 32, bucketsPerLevel: Int = 5, smallestWindow: Int = 5, gracePeriod: Int = 10) {
    self.delta = delta
    self.clock = clock
    self.bucketsPerLevel = bucketsPerLevel
    self.smallestWindow = smallestWindow
    self.gracePeriod = gracePeriod
    var slots = 1
    while slots <= bucketsPerLevel { slots *= 2 }
    self.slots = slots
    buckets = [Bucket](repeating: Bucket(), count: slots)
    untilCheck = clock
  }

  /// The window's mean; 0 when it is empty.
  public var estimate: Double { width == 0 ? 0 : total / width }

  public mutating func update(_ value: Double) -> StreamSignal {
    if detected { self = ADWIN(delta: delta, clock: clock, bucketsPerLevel: bucketsPerLevel, smallestWindow: smallestWindow, gracePeriod: gracePeriod) }
    insert(value)
    untilCheck &-= 1
    if untilCheck == 0 {
      untilCheck = clock
      if width > Double(gracePeriod) { detected = cut() }
    }
    return StreamSignal(drift: detected)
  }

  private mutating func insert(_ value: Double) {
    width += 1
    if width > 1 {
      let gap = value - total / (width - 1)
      variance += (width - 1) * gap * gap / width
    }
    total += value
    if levels[levels.count &- 1].count == bucketsPerLevel, levels.allSatisfy({ $0.count == bucketsPerLevel }) { addLevel() }
    let (capacity, slots) = (capacity, slots)
    levels.withUnsafeMutableBufferPointer { levels in
      buckets.withUnsafeMutableBufferPointer { buckets in
        buckets[(levels[0].first &+ levels[0].count) & (slots &- 1)] = Bucket(total: value)
        levels[0].count &+= 1
        if levels[0].count == capacity { ADWIN.compress(levels, buckets, capacity, slots) }
      }
    }
  }

  /// Room for the two oldest buckets of the last level, which is full.
  private mutating func addLevel() {
    levels.append(Level())
    buckets.append(contentsOf: repeatElement(Bucket(), count: slots))
  }

  /// A full level hands its two oldest buckets, merged, to the next, which is there.
  private static func compress(
    _ levels: UnsafeMutableBufferPointer<Level>, _ buckets: UnsafeMutableBufferPointer<Bucket>, _ capacity: Int, _ slots: Int
  ) {
    var level = 0
    var start = 0
    var half = 0.5
    // Exact, as sizes are powers of two.
    var share = 1.0
    while levels[level].count == capacity {
      let first = levels[level].first
      let (a, b) = (buckets[start &+ first], buckets[start &+ ((first &+ 1) & (slots &- 1))])
      levels[level].first = (first &+ 2) & (slots &- 1)
      levels[level].count &-= 2
      level &+= 1
      start &+= slots
      let gap = a.total * share - b.total * share
      let place = (levels[level].first &+ levels[level].count) & (slots &- 1)
      buckets[start &+ place] = Bucket(total: a.total + b.total, variance: a.variance + b.variance + half * gap * gap)
      levels[level].count &+= 1
      half *= 2
      share *= 0.5
    }
  }

  /// Drops the oldest buckets as long as some cut shows two different means.
  private mutating func cut() -> Bool {
    var changed = false
    while shows() {
      changed = true
      let level = levels.count - 1
      let size = Double(1 << level)
      let oldest = buckets[level * slots + levels[level].first]
      let sum = oldest.total
      width -= size
      total -= sum
      let gap = sum / size - total / width
      variance -= oldest.variance + size * width * gap * gap / (size + width)
      levels[level].first = (levels[level].first + 1) & (slots - 1)
      levels[level].count -= 1
      if levels[level].count == 0, level > 0 {
        levels.removeLast()
        buckets.removeLast(slots)
      }
    }
    return changed
  }

  /// Whether some cut shows two different means.
  private func shows() -> Bool {
    let confidence = log(2 * log(width) / delta)
    // Below the bound by what rounding may cost; without division and root, as nearly every cut is far below it.
    let surelyBelow = 2 * variance / width * confidence * 0.999_999
    let offset = Double(smallestWindow) - 1
    return buckets.withUnsafeBufferPointer { buckets in
      var (oldWidth, newWidth) = (0.0, width)
      var (oldTotal, newTotal) = (0.0, total)
      var size = Double(1 << (levels.count - 1))
      for level in stride(from: levels.count - 1, through: 0, by: -1) {
        let (start, first) = (level &* slots, levels[level].first)
        // The newest value alone is no side of a cut.
        for index in 0..<levels[level].count &- (level == 0 ? 1 : 0) {
          let sum = buckets[start &+ ((first &+ index) & (slots &- 1))].total
          oldWidth += size
          newWidth -= size
          oldTotal += sum
          newTotal -= sum
          let (a, b) = (oldWidth - offset, newWidth - offset)
          guard a >= 1, b >= 1 else { continue }
          // |m₁ − m₂|² ≤ 2σ²·δ'·(1/a + 1/b), multiplied by all denominators. What overflows is looked at exactly.
          let gap = oldTotal * newWidth - newTotal * oldWidth
          let both = oldWidth * newWidth
          let limit = surelyBelow * (a + b) * both * both
          if gap * gap * a * b <= limit, limit < .infinity { continue }
          if isDifferent(oldTotal / oldWidth, newTotal / newWidth, harmonic: 1 / a + 1 / b, confidence) { return true }
        }
        size *= 0.5
      }
      return false
    }
  }

  private func isDifferent(_ old: Double, _ new: Double, harmonic m: Double, _ confidence: Double) -> Bool {
    abs(old - new) > (2 * variance / width * confidence * m).squareRoot() + 2.0 / 3 * confidence * m
  }
}
