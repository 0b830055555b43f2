internal import Foundation

/// Draws from the hypergeometric law: how many of `good` marked among `total` balls are in a handful of `drawn`.
struct Hypergeometric {
  private let logFactorials: [Double]

  /// Ready for totals up to `largest`.
  init(upTo largest: Int) {
    var table = [Double](repeating: 0, count: largest + 1)
    for i in stride(from: 2, through: largest, by: 1) { table[i] = table[i - 1] + log(Double(i)) }
    logFactorials = table
  }

  private func logChoose(_ n: Int, _ k: Int) -> Double { logFactorials[n] - logFactorials[k] - logFactorials[n - k] }

  /// ln P(X = k).
  func logMass(_ k: Int, good: Int, total: Int, drawn: Int) -> Double {
    logChoose(good, k) + logChoose(total - good, drawn - k) - logChoose(total, drawn)
  }

  /// One draw, by inversion outward from the mode.
  /// - Complexity: O(standard deviation).
  func draw(good: Int, total: Int, drawn: Int, _ random: inout RandomSource) -> Int {
    let lowest = max(0, drawn - (total - good))
    let highest = min(good, drawn)
    guard lowest < highest else { return lowest }
    let mode = min(highest, max(lowest, Int((Double(drawn + 1) * Double(good + 1) / Double(total + 2)).rounded(.down))))
    let peak = exp(logMass(mode, good: good, total: total, drawn: drawn))
    var u = random.uniform() - peak
    if u < 0 { return mode }
    var (down, up) = (mode, mode)
    var (below, above) = (peak, peak)
    let rest = total - good - drawn
    while down > lowest || up < highest {
      if up < highest {
        above *= Double(good - up) * Double(drawn - up) / (Double(up + 1) * Double(rest + up + 1))
        up += 1
        u -= above
        if u < 0 { return up }
      }
      if down > lowest {
        below *= Double(down) * Double(rest + down) / (Double(good - down + 1) * Double(drawn - down + 1))
        down -= 1
        u -= below
        if u < 0 { return down }
      }
    }
    return mode
  }
}
