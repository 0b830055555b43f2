internal import Foundation
internal import Statistics

/// All columns tested together.
enum MultivariateJudgement {
  /// Most rows of a side that the test takes; of more, evenly spaced ones.
  private static let largestSide = 20_000

  /// Numbers and times as they are, categories by how frequent they are in the reference; missing values become the column's mean.
  static func result(
    _ test: DriftTest.Own, _ reference: DataTable, _ current: DataTable, _ plan: ColumnPlan, _ options: ComparisonOptions
  ) -> ComparisonResult.Multivariate {
    var result = ComparisonResult.Multivariate(test: test.rawValue, columns: [], threshold: options.significance, drifted: false, verdict: .skipped)
    var (a, b): ([[Double]], [[Double]]) = ([], [])
    for entry in plan.entries where entry.skipped == nil && entry.type != .text {
      guard case .table(let left) = entry.reference.origin, case .table(let right)? = entry.current?.origin else { continue }
      let (x, y) = features(left, right, entry.type)
      guard x.contains(where: \.isFinite), y.contains(where: \.isFinite) else { continue }
      a.append(x)
      b.append(y)
      result.columns.append(entry.reference.name)
    }
    do throws(NotComputable) {
      guard !a.isEmpty else { throw NotComputable("there are no columns that it fits") }
      let (left, right) = (FeatureMatrix(columns: a.map(thinned)), FeatureMatrix(columns: b.map(thinned)))
      switch test {
      case .pcaReconstruction:
        let (outcome, effect) = try PCAReconstruction.test(left, right)
        result.take(outcome, effect: effect)
      case .mmd: result.take(try MaximumMeanDiscrepancy.test(left, right), effect: nil)
      default:
        let outcome = try DomainClassifier.test(left, right)
        result.take(outcome, effect: max(0, 2 * outcome.statistic - 1))
      }
      let isEnough = min(reference.rowCount, current.rowCount) >= options.minimumRows
      let isSignificant = (result.pValue ?? 1) <= options.significance && (result.effect ?? 1) >= options.minimumEffect
      result.verdict = !isEnough ? .inconclusive : isSignificant ? .drifted : .stable
      result.drifted = result.verdict == .drifted
    } catch {
      result.reason = error.description
    }
    return result
  }

  private static func thinned(_ values: [Double]) -> [Double] {
    guard values.count > largestSide else { return values }
    return (0..<largestSide).map { values[$0 * values.count / largestSide] }
  }

  private static func features(_ reference: Column, _ current: Column, _ type: ColumnType) -> ([Double], [Double]) {
    if type == .numeric || type == .datetime { return (reference.numbers, current.numbers) }
    var counts: [String: Int] = [:]
    for row in 0..<reference.count {
      if let text = reference.string(at: row) { counts[text, default: 0] += 1 }
    }
    let total = Double(counts.values.reduce(0, +))
    func frequency(_ column: Column) -> [Double] {
      (0..<column.count).map { row in column.string(at: row).map { Double(counts[$0] ?? 0) / total } ?? .nan }
    }
    return (frequency(reference), frequency(current))
  }
}

extension ComparisonResult.Multivariate {
  mutating func take(_ outcome: TestResult, effect: Double?) {
    statistic = outcome.statistic.ifFinite
    pValue = outcome.pValue
    self.effect = effect
  }
}
