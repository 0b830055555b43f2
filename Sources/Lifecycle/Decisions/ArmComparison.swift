/// Compares the rows that two versions answered in the same window.
public struct ArmComparison: Sendable {
  /// The version that is replaced.
  public let champion: VersionName
  /// The version that replaces it.
  public let challenger: VersionName
  /// An arm with fewer labelled rows gives no answer.
  public let minimumRows: Int

  /// Takes the values as they are; nothing is checked.
  public init(champion: VersionName, challenger: VersionName, minimumRows: Int) {
    self.champion = champion
    self.challenger = challenger
    self.minimumRows = minimumRows
  }

  /// The comparison by each rule.
  ///
  /// The arms are independent samples, so the interval of a difference follows from those of the two values by the method of variance
  /// estimates recovery (MOVER): `d - sqrt((b - bl)² + (au - a)²)` to `d + sqrt((bu - b)² + (a - al)²)`, d = b - a. With Wilson's
  /// intervals for proportions that is Newcombe's.
  /// - Source: Zou and Donner (2008), Statistics in Medicine 27, 1693; Newcombe (1998), Statistics in Medicine 17, 873.
  public func analyse(_ measurement: MeasurementRecorded, rules: [RollbackRule]) -> AnalysisRecorded {
    let old = measurement.byVersion[champion.description]
    let new = measurement.byVersion[challenger.description]
    let rows = min(old?.rows ?? 0, new?.rows ?? 0)
    var analysis = AnalysisRecorded(
      kind: "arms", window: measurement.window, champion: champion, challenger: challenger, rows: rows, results: [], outcome: .inconclusive)
    guard let old, let new, rows >= minimumRows else {
      analysis.reason = "\(champion) has \(old?.rows ?? 0) labelled rows and \(challenger) \(new?.rows ?? 0), and each needs \(minimumRows)"
      return analysis
    }
    analysis.results = rules.map { rule in
      let name = rule.metric.text
      guard let a = old.metrics[name], let b = new.metrics[name], let ai = old.intervals[name], let bi = new.intervals[name],
        ai.count == 2, bi.count == 2
      else { return rule.judge(champion: old.metrics[name], challenger: new.metrics[name], difference: []) }
      func root(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
      let difference = b - a
      return rule.judge(
        champion: a, challenger: b,
        difference: [difference, difference - root(b - bi[0], ai[1] - a), difference + root(bi[1] - b, a - ai[0])])
    }
    analysis.outcome = AnalysisOutcome(of: analysis.results)
    return analysis
  }
}

extension RollbackRule {
  /// How much worse the new version may be; positive.
  public var limit: Double {
    switch margin {
    case .belowChampionBy(let limit), .aboveChampionBy(let limit): limit
    }
  }

  /// Worse when the whole interval of the difference lies beyond the margin.
  /// - Parameter difference: challenger minus champion: value, low, high; anything else is inconclusive.
  public func judge(champion: Double?, challenger: Double?, difference: [Double]) -> AnalysisResult {
    let outcome: AnalysisOutcome
    if difference.count == 3, difference.allSatisfy(\.isFinite) {
      switch margin {
      case .belowChampionBy(let limit): outcome = difference[2] < -limit ? .worse : .notWorse
      case .aboveChampionBy(let limit): outcome = difference[1] > limit ? .worse : .notWorse
      }
    } else {
      outcome = .inconclusive
    }
    return AnalysisResult(
      metric: metric.text, champion: champion, challenger: challenger, difference: outcome == .inconclusive ? [] : difference, margin: limit,
      outcome: outcome)
  }
}

extension AnalysisOutcome {
  /// Worse when any metric is, else not worse when any had an answer.
  public init(of results: [AnalysisResult]) {
    if results.contains(where: { $0.outcome == .worse }) {
      self = .worse
    } else {
      self = results.contains { $0.outcome == .notWorse } ? .notWorse : .inconclusive
    }
  }
}
