/// How often each class occurs now, without labels, if only the classes' shares have changed: black-box shift estimation.
public struct LabelShift: Sendable, Hashable {
  /// The classes' names.
  public let classes: [String]
  /// Their shares in the reference's labels.
  public let before: [Double]
  /// Their estimated shares in the current data.
  public let estimated: [Double]

  /// Solves C·w = μ, with C the joint shares of prediction and label in the reference and μ the shares of the current predictions; the shares are
  /// w · before, never negative and adding up to 1.
  /// - Parameters:
  ///   - reference: with labels.
  ///   - predictions: current ones, as indices into the same classes.
  /// - Throws: when there are no rows, or the predictions tell too little about the labels (C cannot be inverted).
  /// - Source: Lipton, Wang and Smola (2018), "Detecting and Correcting for Label Shift with Black Box Predictors".
  public init(reference: ClassifiedRows, predictions: [Int]) throws(NotComputable) {
    guard let labels = reference.labels, !labels.isEmpty else { throw NotComputable("the reference has no labels") }
    guard !predictions.isEmpty else { throw NotComputable("there are no predictions") }
    let k = reference.classes.count
    var joint = [[Double]](repeating: [Double](repeating: 0, count: k), count: k)
    var before = [Double](repeating: 0, count: k)
    let step = 1 / Double(labels.count)
    for (label, prediction) in zip(labels, reference.predictions) {
      joint[prediction][label] += step
      before[label] += step
    }
    var shares = [Double](repeating: 0, count: k)
    for prediction in predictions {
      guard reference.classes.indices.contains(prediction) else { throw NotComputable("a prediction names a class that the reference lacks") }
      shares[prediction] += 1 / Double(predictions.count)
    }
    let weights = try LabelShift.solve(joint, shares)
    let raw = zip(weights, before).map { max(0, $0 * $1) }
    let total = raw.reduce(0, +)
    guard total > 0 else { throw NotComputable("the predictions fit no mixture of the classes") }
    classes = reference.classes
    self.before = before
    estimated = raw.map { $0 / total }
  }

  /// Gaussian elimination with partial pivoting.
  private static func solve(_ matrix: [[Double]], _ right: [Double]) throws(NotComputable) -> [Double] {
    var a = matrix
    var b = right
    let k = b.count
    for column in 0..<k {
      guard let pivot = (column..<k).max(by: { abs(a[$0][column]) < abs(a[$1][column]) }), abs(a[pivot][column]) > 1e-9 else {
        throw NotComputable("the predictions tell too little about the labels")
      }
      a.swapAt(column, pivot)
      b.swapAt(column, pivot)
      for row in 0..<k where row != column {
        let factor = a[row][column] / a[column][column]
        for j in column..<k { a[row][j] -= factor * a[column][j] }
        b[row] -= factor * b[column]
      }
    }
    return (0..<k).map { b[$0] / a[$0][$0] }
  }
}
