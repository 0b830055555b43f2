internal import Foundation
internal import Statistics
internal import Values

/// What a comparison remembers of earlier windows, and the answer it gave last.
struct ComparisonMemory: Codable, Equatable, Sendable {
  /// The values of earlier windows, the newest last.
  private var values: [Double] = []
  /// Their ends, where a trend is looked for.
  private var ends: [Timestamp] = []
  /// By hour of the day or week, what was measured in it in earlier periods.
  private var hours: [Int: [Hour]] = [:]
  /// How far a streaming detector has come.
  private var detector: AnyStreamDetector?
  /// Of the newest window that had a value.
  private(set) var answer: Bool?

  /// The windows of one hour of one day.
  private struct Hour: Codable, Equatable, Sendable {
    /// Hours since 1970.
    var number: Int64
    var sum: Double
    var count: Int
  }

  /// Forgets all but the answer.
  mutating func forget() {
    values = []
    ends = []
    hours = [:]
    detector = nil
  }

  /// Whether the comparison holds of a value, which is remembered; nil while too few windows are known.
  ///
  /// Windows in which it holds are no reference for what is usual; what a window is directly compared with, or a trend is drawn through, are all windows.
  mutating func judge(_ value: Double, endAt: Timestamp, by comparison: AlertComparison) -> Bool? {
    answer = judgement(of: value, endAt: endAt, by: comparison)
    return answer
  }

  private mutating func judgement(of value: Double, endAt: Timestamp, by comparison: AlertComparison) -> Bool? {
    let bound = comparison.bound
    switch comparison.basis {
    case .value: return bound.holds(for: value)
    case .change(let windows, let relative):
      defer { remember(value, windows) }
      guard values.count >= windows else { return nil }
      return offset(value, from: Self.mean(values), relative).map(bound.holds)
    case .trend(let windows):
      remember(value, windows)
      ends = (ends + [endAt]).suffix(windows)
      guard values.count >= windows else { return nil }
      return slope.map(bound.holds)
    case .deviation(let windows):
      guard values.count >= windows else {
        remember(value, windows)
        return nil
      }
      let holds = bound.holds(for: deviation(of: value))
      if !holds { remember(value, windows) }
      return holds
    case .quantile(let windows):
      guard values.count >= windows else {
        remember(value, windows)
        return nil
      }
      let holds = bound.with(limit: Self.quantile(bound.limit, of: values)).holds(for: value)
      if !holds { remember(value, windows) }
      return holds
    case .detector(let specification):
      var detector = self.detector ?? specification.start
      // Given away first, so that its buffers are not copied.
      self.detector = nil
      let signal = detector.update(value)
      self.detector = detector
      return signal.drift
    case .seasonal(let season, let periods, let relative):
      let (number, slot) = Self.hour(of: endAt, in: season)
      let earlier = (hours[slot] ?? []).filter { $0.number < number }.suffix(periods)
      let holds = earlier.count < periods ? nil : offset(value, from: Self.mean(earlier.map { $0.sum / Double($0.count) }), relative).map(bound.holds)
      if holds != true { remember(value, number, slot, periods) }
      return holds
    }
  }

  private mutating func remember(_ value: Double, _ windows: Int) {
    values.append(value)
    if values.count > windows { values.removeFirst(values.count - windows) }
  }

  private mutating func remember(_ value: Double, _ number: Int64, _ slot: Int, _ periods: Int) {
    var known = hours[slot] ?? []
    if let last = known.indices.last, known[last].number == number {
      known[last].sum += value
      known[last].count += 1
    } else {
      known.append(Hour(number: number, sum: value, count: 1))
      // The hour that is going on besides those that are over.
      known = known.suffix(periods + 1)
    }
    hours[slot] = known
  }

  /// Nil for a relative change beside a mean of zero.
  private func offset(_ value: Double, from mean: Double, _ relative: Bool) -> Double? {
    guard relative else { return value - mean }
    return mean == 0 ? nil : (value - mean) / abs(mean)
  }

  /// Least squares over the ends of the windows, per day; nil when they all end at the same time.
  private var slope: Double? {
    let days = ends.map { (Double($0.microseconds) - Double(ends[0].microseconds)) / 86_400e6 }
    let (middle, level) = (Self.mean(days), Self.mean(values))
    let spread = days.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
    guard spread > 0 else { return nil }
    return zip(days, values).reduce(0) { $0 + ($1.0 - middle) * ($1.1 - level) } / spread
  }

  /// In standard deviations; of values that never changed, infinitely many.
  private func deviation(of value: Double) -> Double {
    let mean = Self.mean(values)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count - 1, 1))
    guard variance > 0 else { return value == mean ? 0 : value > mean ? .infinity : -.infinity }
    return (value - mean) / variance.squareRoot()
  }

  private static func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }

  /// Between the neighbouring values, linearly: type 7 of Hyndman and Fan (1996).
  static func quantile(_ share: Double, of values: [Double]) -> Double {
    let sorted = values.sorted()
    let place = min(max(share, 0), 1) * Double(sorted.count - 1)
    let below = Int(place)
    guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
    return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
  }

  /// The hour since 1970 in which a window ends, and the hour of the day or week; the last microsecond belongs to it.
  static func hour(of endAt: Timestamp, in season: AlertComparison.Season) -> (number: Int64, slot: Int) {
    let number = Int64((Double(endAt.microseconds) / 3600e6).rounded(.up)) - 1
    let length: Int64 = season == .day ? 24 : 168
    return (number, Int((number % length + length) % length))
  }
}

extension MetricBound {
  /// The same side of another limit.
  func with(limit: Double) -> MetricBound {
    switch self {
    case .atLeast: .atLeast(limit)
    case .atMost: .atMost(limit)
    case .above: .above(limit)
    case .below: .below(limit)
    }
  }
}
