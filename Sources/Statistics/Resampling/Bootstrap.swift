internal import Foundation

/// How bootstrap intervals are made: seeded, so that the same rows give the same interval every time.
public struct Bootstrap: Sendable, Hashable, Codable {
  /// How many resamples for up to 20 000 rows; fewer beyond, never below 100.
  public var resamples = 1000
  /// Of the generator.
  public var seed: UInt64 = 1
  /// The confidence of the interval.
  public var level = 0.95

  /// The defaults above.
  public init() {}

  /// How many resamples for so many rows.
  func resamples(rows: Int) -> Int { rows <= 20_000 ? resamples : max(min(100, resamples), resamples * 20_000 / rows) }

  /// Draws weights, each stratum as often as it has rows, and hands them to `body`.
  func forEachResample(strata: [Int], _ body: ([UInt32]) -> Void) {
    var groups: [[Int32]] = Array(repeating: [], count: (strata.max() ?? -1) + 1)
    for (row, stratum) in strata.enumerated() { groups[stratum].append(Int32(row)) }
    var random = RandomSource(seed: seed)
    var weights = [UInt32](repeating: 0, count: strata.count)
    for _ in 0..<resamples(rows: strata.count) {
      for index in weights.indices { weights[index] = 0 }
      for group in groups {
        for _ in group.indices { weights[Int(group[random.below(group.count)])] += 1 }
      }
      body(weights)
    }
  }

  /// The interval around `value` that these resampled values give: their quantiles, or with fewer than 400 of them ± z standard deviations.
  func interval(around value: Double, _ replicates: [Double]) -> Estimate {
    guard replicates.count > 1 else { return Estimate(value: value, low: value, high: value) }
    let sample = Sample(replicates)
    guard replicates.count < 400 else {
      return Estimate(value: value, low: sample.quantile((1 - level) / 2), high: sample.quantile((1 + level) / 2))
    }
    let half = Normal.quantile(0.5 + level / 2) * sample.standardDeviation(degreesLost: 1)
    return Estimate(value: value, low: value - half, high: value + half)
  }
}
