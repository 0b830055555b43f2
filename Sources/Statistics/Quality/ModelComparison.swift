/// Two models on the same rows: is the second better, worse, or can nobody tell yet?
public struct ModelComparison: Sendable, Hashable {
  /// How many rows both were measured on.
  public let rows: Int
  /// McNemar's test that both are right equally often; nil for regressions.
  public let mcNemar: McNemar?
  /// Second − first, with a paired bootstrap interval; all metrics of the task.
  public let differences: [QualityMetric: Measured]

  /// Compares classifiers. Rows are resampled together, stratified by label, so that what both find hard cancels.
  /// - Throws: when the rows are not the same: their number or their labels differ, or there are none.
  public init(first: ClassifiedRows, second: ClassifiedRows, bootstrap: Bootstrap = Bootstrap()) throws(NotComputable) {
    guard first.count == second.count else { throw NotComputable("\(first.count) rows of one model and \(second.count) of the other") }
    guard first.count > 0 else { throw NotComputable("there are no rows") }
    guard let labels = first.labels, let others = second.labels else { throw NotComputable("there are no labels") }
    guard zip(labels, others).allSatisfy({ first.classes[$0] == second.classes[$1] }) else { throw NotComputable("the labels of the two models differ") }
    rows = first.count
    let right = zip(zip(labels, first.predictions), zip(others, second.predictions)).map { ($0.0 == $0.1, $1.0 == $1.1) }
    mcNemar = McNemar(onlyFirst: right.count { $0.0 && !$0.1 }, onlySecond: right.count { !$0.0 && $0.1 })
    let (a, b) = (ClassificationScorer(first), ClassificationScorer(second))
    differences = ModelComparison.differences(QualityMetric.classification, strata: labels, bootstrap, a.score, b.score)
  }

  /// Compares regressions.
  /// - Throws: when there are no rows, or the numbers of rows differ.
  public init(labels: [Double], first: [Double], second: [Double], bootstrap: Bootstrap = Bootstrap()) throws(NotComputable) {
    guard labels.count == first.count, labels.count == second.count else { throw NotComputable("the numbers of rows differ") }
    guard !labels.isEmpty else { throw NotComputable("there are no rows") }
    rows = labels.count
    mcNemar = nil
    let (a, b) = (RegressionScorer(labels: labels, predictions: first), RegressionScorer(labels: labels, predictions: second))
    differences = ModelComparison.differences(
      QualityMetric.regression, strata: Array(repeating: 0, count: labels.count), bootstrap, a.score, b.score)
  }

  private static func differences(
    _ metrics: [QualityMetric], strata: [Int], _ bootstrap: Bootstrap, _ first: ([UInt32]?) -> [QualityMetric: Double],
    _ second: ([UInt32]?) -> [QualityMetric: Double]
  ) -> [QualityMetric: Measured] {
    let (pointA, pointB) = (first(nil), second(nil))
    var replicates: [QualityMetric: [Double]] = [:]
    bootstrap.forEachResample(strata: strata) { weights in
      let (a, b) = (first(weights), second(weights))
      for metric in metrics {
        if let x = a[metric], let y = b[metric] { replicates[metric, default: []].append(y - x) }
      }
    }
    var result: [QualityMetric: Measured] = [:]
    for metric in metrics {
      if let x = pointA[metric], let y = pointB[metric] {
        result[metric] = .estimate(bootstrap.interval(around: y - x, replicates[metric] ?? []))
      } else {
        result[metric] = .notComputable(NotComputable("one of the two has no \(metric.rawValue)"))
      }
    }
    return result
  }

  /// Two classifiers that served side by side, each its own rows: second − first of a metric.
  ///
  /// Accuracy by Newcombe's interval, everything else by bootstrapping each side on its own.
  public static func independent(first: ClassifiedRows, second: ClassifiedRows, metric: QualityMetric, bootstrap: Bootstrap = Bootstrap()) -> Measured {
    if metric == .accuracy, let a = first.correct, let b = second.correct {
      do throws(NotComputable) {
        return .estimate(try Proportion.difference(a.count { $0 }, of: a.count, b.count { $0 }, of: b.count, level: bootstrap.level))
      } catch {
        return .notComputable(error)
      }
    }
    let sides = [first, second].enumerated().map { position, rows in
      let scorer = ClassificationScorer(rows)
      var own = bootstrap
      own.seed = bootstrap.seed &+ UInt64(position)
      var values: [Double?] = []
      if rows.count > 0 { own.forEachResample(strata: rows.labels ?? Array(repeating: 0, count: rows.count)) { values.append(scorer.score($0)[metric]) } }
      return (scorer.score(nil)[metric], values)
    }
    guard let x = sides[0].0, let y = sides[1].0 else { return .notComputable(NotComputable("one of the two has no \(metric.rawValue)")) }
    let replicates = zip(sides[0].1, sides[1].1).compactMap { a, b in a.flatMap { a in b.map { $0 - a } } }
    return .estimate(bootstrap.interval(around: y - x, replicates))
  }
}

/// McNemar's test on the rows where exactly one of two models is right.
public struct McNemar: Sendable, Hashable, Codable {
  /// Rows that only the first got right.
  public let onlyFirst: Int
  /// Rows that only the second got right.
  public let onlySecond: Int
  /// Two-sided; exact (binomial) below 25 such rows, else chi-squared with continuity correction.
  public let pValue: Double

  /// - Source: McNemar (1947), Edwards (1948). Values checked against scipy's `binomtest` and `chi2`.
  public init(onlyFirst: Int, onlySecond: Int) {
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
    pValue = onlyFirst + onlySecond < 25 ? McNemar.exact(onlyFirst, onlySecond) : McNemar.corrected(onlyFirst, onlySecond)
  }

  /// The exact p-value.
  static func exact(_ a: Int, _ b: Int) -> Double { a + b == 0 || a == b ? 1 : min(1, 2 * Binomial.fairLowerTail(min(a, b), a + b)) }

  /// Edwards' p-value.
  static func corrected(_ a: Int, _ b: Int) -> Double {
    guard a + b > 0 else { return 1 }
    let gap = max(0, Double(abs(a - b) - 1))
    return ChiSquaredLaw.survival(gap * gap / Double(a + b), degreesOfFreedom: 1)
  }
}

/// Whether a difference (second − first) tells that the second is worse than a margin allows.
public enum NonInferiority: String, Sendable, Hashable, Codable {
  /// The whole interval lies beyond the margin.
  case worse
  /// The whole interval lies within it or on the good side.
  case notWorse = "not_worse"
  /// The interval covers the margin: more rows are needed.
  case inconclusive

  /// - Parameters:
  ///   - difference: second − first of a metric.
  ///   - margin: how much worse is still allowed, at least 0, in the metric's unit.
  ///   - higherIsBetter: of that metric.
  public init(_ difference: Estimate, margin: Double, higherIsBetter: Bool) {
    let (worst, best) = higherIsBetter ? (difference.low, difference.high) : (-difference.high, -difference.low)
    self = best < -margin ? .worse : worst >= -margin ? .notWorse : .inconclusive
  }
}
