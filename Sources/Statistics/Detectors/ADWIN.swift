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

  private var levels: [Level] = [Level()]
  /// The oldest values' sums, level by level; `capacity` slots each.
  private var totals: [Double]
  private var variances: [Double]
  /// How many values the window holds.
  public private(set) var width = 0.0
  /// Their sum.
  public private(set) var total = 0.0
  /// Their sum of squares about the mean.
  public private(set) var variance = 0.0
  private var time = 0
  private var detected = false

  private struct Level: Sendable, Hashable, Codable { var count = 0 }

  private var capacity: Int { bucketsPerLevel + 1 }

  /// Defaults as River 0.26.
  public init(delta: Double = 0.002, clock: Int = 32, bucketsPerLevel: Int = 5, smallestWindow: Int = 5, gracePeriod: Int = 10) {
    self.delta = delta
    self.clock = clock
    self.bucketsPerLevel = bucketsPerLevel
    self.smallestWindow = smallestWindow
    self.gracePeriod = gracePeriod
    totals = [Double](repeating: 0, count: bucketsPerLevel + 1)
    variances = totals
  }

  /// The window's mean; 0 when it is empty.
  public var estimate: Double { width == 0 ? 0 : total / width }

  public mutating func update(_ value: Double) -> StreamSignal {
    if detected { self = ADWIN(delta: delta, clock: clock, bucketsPerLevel: bucketsPerLevel, smallestWindow: smallestWindow, gracePeriod: gracePeriod) }
    insert(value)
    time &+= 1
    if time % clock == 0, width > Double(gracePeriod) { detected = cut() }
    return StreamSignal(drift: detected)
  }

  private mutating func insert(_ value: Double) {
    let slot = levels[0].count
    totals[slot] = value
    variances[slot] = 0
    levels[0].count = slot &+ 1
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
    while level < levels.count, levels[level].count == capacity {
      if level + 1 == levels.count {
        levels.append(Level())
        totals.append(contentsOf: repeatElement(0, count: capacity))
        variances.append(contentsOf: repeatElement(0, count: capacity))
      }
      let start = level &* capacity
      let (a, b) = (totals[start], totals[start &+ 1])
      let gap = a / size - b / size
      let target = start &+ capacity &+ levels[level + 1].count
      totals[target] = a + b
      variances[target] = variances[start] + variances[start &+ 1] + size / 2 * gap * gap
      levels[level + 1].count &+= 1
      drop(2, from: level)
      level &+= 1
      size *= 2
    }
  }

  private mutating func drop(_ count: Int, from level: Int) {
    let start = level &* capacity
    let kept = levels[level].count &- count
    for i in 0..<kept {
      totals[start &+ i] = totals[start &+ i &+ count]
      variances[start &+ i] = variances[start &+ i &+ count]
    }
    levels[level].count = kept
  }

  /// Drops the oldest buckets as long as some cut shows two different means.
  private mutating func cut() -> Bool {
    var changed = false
    while shows() {
      changed = true
      let level = levels.count - 1
      let size = Double(1 << level)
      let start = level * capacity
      let sum = totals[start]
      width -= size
      total -= sum
      let gap = sum / size - total / width
      variance -= variances[start] + size * width * gap * gap / (size + width)
      drop(1, from: level)
      if levels[level].count == 0, level > 0 {
        levels.removeLast()
        totals.removeLast(capacity)
        variances.removeLast(capacity)
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
    for level in stride(from: levels.count - 1, through: 0, by: -1) {
      let size = Double(1 << level)
      let start = level &* capacity
      for bucket in 0..<levels[level].count {
        let sum = totals[start &+ bucket]
        oldWidth += size
        newWidth -= size
        oldTotal += sum
        newTotal -= sum
        if level == 0, bucket == levels[0].count - 1 { return false }
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
