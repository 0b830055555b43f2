internal import Foundation
internal import Profiles
internal import Values

/// Values laid out along an edge of a picture.
struct Scale: Sendable {
  let low: Double
  let high: Double
  let start: Double
  let end: Double

  /// - Parameters:
  ///   - start: where `low` lies in the picture; `end` where `high` does.
  init(_ low: Double, _ high: Double, from start: Double, to end: Double) {
    self.low = low
    self.high = high > low ? high : low + 1
    self.start = start
    self.end = end
  }

  /// Where a value lies; values outside lie at the ends.
  func callAsFunction(_ value: Double) -> Double {
    let share = (value - low) / (high - low)
    return start + (end - start) * min(1, max(0, share.isFinite ? share : 0))
  }

  /// A place worth labelling.
  struct Tick: Sendable {
    let value: Double
    let label: String
  }

  /// Round numbers inside the range, about as many as asked for; for times the ends, and the middle where there is room.
  func ticks(_ count: Int, _ type: ColumnType = .numeric) -> [Tick] {
    if type == .datetime { return times(count) }
    let rough = (high - low) / Double(count)
    guard rough > 0, rough.isFinite else { return [] }
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
    guard step > 0, abs(high / step) < 1e12, abs(low / step) < 1e12 else {
      return [Tick(value: low, label: NumberText.value(low)), Tick(value: high, label: NumberText.value(high))]
    }
    let first = Int((low / step - 1e-9).rounded(.up))
    let last = Int((high / step + 1e-9).rounded(.down))
    // One label alone says nothing of the scale.
    if last <= first, count < 16 { return ticks(count * 2, type) }
    guard first <= last, last - first < 50 else { return [] }
    // As many digits as tell neighbours apart.
    let digits = max(4, Int((log10(max(abs(low), abs(high)) / step)).rounded(.up)) + 1)
    return (first...last).map { index in
      // Divided, where that is exact, so that 3 steps of 0.1 are 0.3.
      let value = power < 1 ? Double(index) * (step / power).rounded() / (1 / power).rounded() : Double(index) * step
      return Tick(value: value, label: NumberText.value(value, digits: digits))
    }
  }

  /// Of a scale of seconds: midnights, at most so many and evenly spaced, that lie in it.
  func days(atMost count: Int) -> [Tick] {
    let (first, last) = (Int((low / 86_400).rounded(.up)), Int((high / 86_400).rounded(.down)))
    guard first <= last, count > 0 else { return [] }
    let steps = [1, 2, 7, 14, 30, 90, 365]
    let step = steps.first { (last - first) / $0 < count } ?? ((last - first) / count + 1)
    return stride(from: first, through: last, by: step).map { day in
      Tick(value: Double(day) * 86_400, label: String(NumberText.time(Double(day) * 86_400).prefix(10)))
    }
  }

  private func times(_ count: Int) -> [Tick] {
    (count < 4 ? [low, high] : [low, (low + high) / 2, high]).map { seconds in
      let text = NumberText.time(seconds)
      let label = high - low > 2 * 86_400 ? text.prefix(10) : high - low > 600 ? text.dropFirst(5).prefix(11) : text.dropFirst(11)
      return Tick(value: seconds, label: String(label))
    }
  }
}
