internal import Foundation

/// A regression's error without labels: direct loss estimation (DLE).
///
/// The loss of a row is taken to be the mean loss of the reference's nearest rows, by inputs and prediction, all standardised. It sees covariate drift
/// into regions where the model was worse, and like every estimate without labels it is blind to concept drift.
/// - Source: NannyML's DLE, which learns the loss by gradient boosting; nearest neighbours instead need no training and no library.
public struct DirectLossEstimate: Sendable, Hashable, Codable {
  /// An estimated metric.
  public struct Metric: Sendable, Hashable, Codable {
    /// The estimate, in the metric's unit.
    public let value: Double
    /// One standard deviation of the mean loss for as many rows.
    public let samplingError: Double
    /// value ∓ three sampling errors, at least 0.
    public let low: Double
    /// Upper end of the same interval.
    public let high: Double
  }

  /// Most reference rows kept; of more, this many drawn, seeded.
  public static let largestReference = 5000
  /// How many nearest rows are asked.
  public let neighbours: Int
  private let scale: Standardisation
  private let rows: [[Double]]
  private let absolute: [Double]
  private let absoluteDeviation: Double
  private let squaredDeviation: Double

  /// - Parameters:
  ///   - features: inputs and, as one more column, the prediction, of reference rows.
  ///   - errors: prediction − label of these rows.
  /// - Throws: with fewer than 50 rows.
  public init(features: FeatureMatrix, errors: [Double], neighbours: Int = 40, seed: UInt64 = 1) throws(NotComputable) {
    guard features.rowCount >= 50, errors.count == features.rowCount else { throw NotComputable("it takes 50 reference rows with labels") }
    guard errors.allSatisfy(\.isFinite) else { throw NotComputable("an error of the reference is missing or infinite") }
    var random = RandomSource(seed: seed)
    var order = Array(errors.indices)
    random.shuffle(&order)
    let kept = Array(order.prefix(DirectLossEstimate.largestReference))
    scale = Standardisation(features)
    let standardised = scale(features.selecting(kept))
    rows = (0..<kept.count).map { Array(standardised.row($0)) }
    absolute = kept.map { abs(errors[$0]) }
    self.neighbours = max(1, min(neighbours, kept.count / 5))
    absoluteDeviation = Sample(errors.map { abs($0) }).standardDeviation(degreesLost: 0)
    squaredDeviation = Sample(errors.map { $0 * $0 }).standardDeviation(degreesLost: 0)
  }

  /// Estimates of mean absolute error, mean squared error and its root, for rows without labels.
  /// - Parameters:
  ///   - features: in the reference's column order.
  ///   - total: how many rows these stand for, when they are drawn from more; nil: themselves.
  /// - Complexity: O(rows · reference rows · columns).
  public func estimate(_ features: FeatureMatrix, standingFor total: Int? = nil) -> [QualityMetric: Metric] {
    guard features.rowCount > 0 else { return [:] }
    let z = scale(features)
    var (sum, squares) = (0.0, 0.0)
    var distances = [(Double, Int)](repeating: (0, 0), count: rows.count)
    for index in 0..<z.rowCount {
      let row = Array(z.row(index))
      for (other, candidate) in rows.enumerated() {
        var distance = 0.0
        for k in row.indices {
          let gap = row[k] - candidate[k]
          distance += gap * gap
        }
        distances[other] = (distance, other)
      }
      let cut = Sample(distances.map(\.0)).values[neighbours - 1]
      let near = distances.filter { $0.0 <= cut }
      sum += near.reduce(0.0) { $0 + absolute[$1.1] } / Double(near.count)
      squares += near.reduce(0.0) { $0 + absolute[$1.1] * absolute[$1.1] } / Double(near.count)
    }
    let drawn = Double(z.rowCount)
    let n = Double(max(total ?? z.rowCount, z.rowCount))
    func metric(_ value: Double, _ error: Double) -> Metric {
      Metric(value: value, samplingError: error, low: max(0, value - 3 * error), high: value + 3 * error)
    }
    let (mae, mse) = (sum / drawn, squares / drawn)
    let squaredError = squaredDeviation / n.squareRoot()
    let rmse = mse.squareRoot()
    return [
      .mae: metric(mae, absoluteDeviation / n.squareRoot()), .mse: metric(mse, squaredError),
      .rmse: metric(rmse, rmse > 0 ? squaredError / (2 * rmse) : 0),
    ]
  }
}
