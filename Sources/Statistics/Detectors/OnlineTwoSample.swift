internal import Foundation

/// A sliding window compared with a fixed reference at every value, tuned so that false alarms come as rarely as is asked for.
///
/// Each value becomes its rank in the reference, in 0...1; the statistic is the Kolmogorov-Smirnov distance of the window's ranks from the uniform
/// law. Its law without drift depends on the sizes alone, so the threshold is simulated once: seeded streams of uniform numbers against uniform
/// references, and the threshold that a share e⁻¹ of them stays under for the expected run time (run times are close to geometric).
/// - Source: the calibration follows Cobb et al. (2022), "Sequential multivariate change detection with calibrated and memoryless false detection rates".
public struct OnlineTwoSample: StreamDetector {
  /// How many newest values are compared.
  public let window: Int
  /// Values between false alarms, on average.
  public let expectedRunTime: Int
  /// The distance from which it is drift.
  public let threshold: Double
  private let reference: [Double]
  private let seed: UInt64
  private var random: RandomSource
  private var ranks: [Double] = []
  private var sorted: [Double] = []
  private var detected = false

  /// - Parameters:
  ///   - reference: the values that nothing has changed from.
  ///   - simulations: streams that the threshold is drawn from; more make it steadier.
  /// - Throws: when the reference has no more values than the window.
  /// - Complexity: O(simulations · expectedRunTime · window), once.
  public init(reference: Sample, window: Int = 50, expectedRunTime: Int = 1000, simulations: Int = 200, seed: UInt64 = 1) throws(NotComputable) {
    guard reference.count > window, window > 1 else { throw NotComputable("the reference has \(reference.count) values, and the window alone has \(window)") }
    self.window = window
    self.expectedRunTime = expectedRunTime
    self.reference = reference.values
    self.seed = seed
    random = RandomSource(seed: seed)
    threshold = OnlineTwoSample.threshold(reference.count, window, expectedRunTime, simulations, seed)
  }

  public mutating func update(_ value: Double) -> StreamSignal {
    if detected {
      ranks = []
      sorted = []
      detected = false
    }
    let below = Search.lowerBound(reference, value)
    let upTo = Search.upperBound(reference, value, from: below)
    // Among equals, and between neighbours, a random place: ranks are then uniform whatever the data's law.
    let rank = (Double(below) + random.uniform() * Double(upTo - below + 1)) / Double(reference.count + 1)
    let distance = OnlineTwoSample.push(rank, &ranks, &sorted, window)
    detected = (distance ?? 0) > threshold
    return StreamSignal(drift: detected)
  }

  /// Slides the window; its distance from the uniform law once it is full.
  private static func push(_ rank: Double, _ ranks: inout [Double], _ sorted: inout [Double], _ window: Int) -> Double? {
    if ranks.count == window {
      let oldest = ranks.removeFirst()
      sorted.remove(at: Search.lowerBound(sorted, oldest))
    }
    ranks.append(rank)
    sorted.insert(rank, at: Search.lowerBound(sorted, rank))
    guard ranks.count == window else { return nil }
    let count = Double(window)
    var largest = 0.0
    for i in 0..<window { largest = max(largest, abs(sorted[i] - Double(i) / count), abs(Double(i + 1) / count - sorted[i])) }
    return largest
  }

  private static func threshold(_ count: Int, _ window: Int, _ runTime: Int, _ simulations: Int, _ seed: UInt64) -> Double {
    var random = RandomSource(seed: seed &+ 0x0e41)
    var largest: [Double] = []
    for _ in 0..<simulations {
      let reference = Sample((0..<count).map { _ in random.uniform() }).values
      var (ranks, sorted): ([Double], [Double]) = ([], [])
      var most = 0.0
      for _ in 0..<(runTime + window) {
        let below = Search.lowerBound(reference, random.uniform())
        let rank = (Double(below) + random.uniform()) / Double(count + 1)
        most = max(most, push(rank, &ranks, &sorted, window) ?? 0)
      }
      largest.append(most)
    }
    return Sample(largest).quantile(exp(-1))
  }
}
