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

  /// How many buckets each level has; a bucket of level l stands for 2^l values.
  private var counts = [0]
  /// Level by level, the oldest first; `capacity` slots each.
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

  private var capacity: Int { bucketsPerLevel + 1 }

  /// Defaults as River 0.26.
  public init(delta: Double = 0.002, clock: Int = 32, bucketsPerLevel: Int = 5, smallestWindow: Int = 5, gracePeriod: Int = 10) {
    self.delta = delta
    self.clock = clock
    self.bucketsPerLevel = bucketsPerLevel
    self.smallestWindow = smallestWindow
    self.gracePeriod = gracePeriod
    buckets = [Bucket](repeating: Bucket(), count: bucketsPerLevel + 1)
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
    let slot = counts[0]
    buckets[slot] = Bucket(total: value)
    counts[0] = slot &+ 1
    width += 1
    if width > 1 {
      let gap = value - total / (width - 1)
      variance += (width - 1) * gap * gap / width
    }
    total += value
    if slot &+ 1 == capacity { compress() }
  }

  /// A full level hands its two oldest buckets, merged, to the next.
  private mutating func compress() {
    var level = 0
    var size = 1.0
    // Exact, as sizes are powers of two.
    var share = 1.0
    while counts[level] == capacity {
      if level + 1 == counts.count {
        counts.append(0)
        buckets.append(contentsOf: repeatElement(Bucket(), count: capacity))
      }
      let start = level &* capacity
      let (a, b) = (buckets[start], buckets[start &+ 1])
      let gap = a.total * share - b.total * share
      buckets[start &+ capacity &+ counts[level + 1]] = Bucket(total: a.total + b.total, variance: a.variance + b.variance + size / 2 * gap * gap)
      counts[level + 1] &+= 1
      drop(2, from: level)
      level &+= 1
      size *= 2
      share *= 0.5
    }
  }

  private mutating func drop(_ count: Int, from level: Int) {
    let (start, kept) = (level &* capacity, counts[level] &- count)
    buckets.withUnsafeMutableBufferPointer { buckets in
      for slot in start..<start &+ kept { buckets[slot] = buckets[slot &+ count] }
    }
    counts[level] = kept
  }

  /// Drops the oldest buckets as long as some cut shows two different means.
  private mutating func cut() -> Bool {
    var changed = false
    while shows() {
      changed = true
      let level = counts.count - 1
      let size = Double(1 << level)
      let oldest = buckets[level * capacity]
      let sum = oldest.total
      width -= size
      total -= sum
      let gap = sum / size - total / width
      variance -= oldest.variance + size * width * gap * gap / (size + width)
      drop(1, from: level)
      if counts[level] == 0, level > 0 {
        counts.removeLast()
        buckets.removeLast(capacity)
      }
    }
    return changed
  }

  private func shows() -> Bool {
    var (oldWidth, newWidth) = (0.0, width)
    var (oldTotal, newTotal) = (0.0, total)
    let smallest = Double(smallestWindow)
    let spread = 2 * variance / width
    let confidence = log(2 * log(width) / delta)
    for level in stride(from: counts.count - 1, through: 0, by: -1) {
      let size = Double(1 << level)
      let start = level &* capacity
      for bucket in 0..<counts[level] {
        let sum = buckets[start &+ bucket].total
        oldWidth += size
        newWidth -= size
        oldTotal += sum
        newTotal -= sum
        if level == 0, bucket == counts[0] - 1 { return false }
        if oldWidth >= smallest, newWidth >= smallest {
          let m = 1 / (oldWidth - smallest + 1) + 1 / (newWidth - smallest + 1)
          let bound = (spread * confidence * m).squareRoot() + 2.0 / 3 * confidence * m
          if abs(oldTotal / oldWidth - newTotal / newWidth) > bound { return true }
        }
      }
    }
    return false
  }
}
