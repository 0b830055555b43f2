internal import Foundation
internal import Statistics

/// Drift between two tables.
public enum Comparison {
  /// Compares every column of the reference. Columns are judged side by side on all processors, each on its own: one that cannot be judged
  /// costs the others nothing. The function waits; call it on a thread that may.
  /// - Throws: `TableError` when a column of numbers holds a cell that is none: the file is broken, and the error names the cell. With
  ///   `damagedColumns` set aside there is no error, and the column alone has no verdict.
  public static func run(reference: DataTable, current: DataTable, options: ComparisonOptions = ComparisonOptions()) throws(TableError) -> ComparisonResult {
    try run(reference: .table(reference), current: .table(current), options: options)
  }

  /// Compares with a reference made ready once, as a monitor does window after window.
  /// - Throws: as above.
  public static func run(reference: ComparisonReference, current: DataTable) throws(TableError) -> ComparisonResult {
    try run(reference: reference.side, current: .table(current), options: reference.options, .none) { reference.prepared($0, as: $1) }.result
  }

  /// Compares tables and profiles; from a profile, the bound of the error is part of the answer, and tests that need the values say so.
  /// - Throws: as above.
  public static func run(
    reference: ComparisonSide, current: ComparisonSide, options: ComparisonOptions = ComparisonOptions()
  ) throws(TableError) -> ComparisonResult {
    try run(reference: reference, current: current, options: options, .none) { $0.prepared(as: $1) }.result
  }

  /// Compares, and keeps of each column that both sides have in the same kind what a picture of it needs, in the reference's order: nothing is read or
  /// sorted a second time for it.
  /// - Throws: as above.
  public static func runWithDistributions(
    reference: ComparisonSide, current: ComparisonSide, options: ComparisonOptions = ComparisonOptions()
  ) throws(TableError) -> (result: ComparisonResult, distributions: [ColumnDistribution]) {
    try run(reference: reference, current: current, options: options, .distributions) { $0.prepared(as: $1) }
  }

  /// What is kept of a column beside its result.
  private enum Keeping { case none, distributions }

  private static func run(
    reference: ComparisonSide, current: ComparisonSide, options: ComparisonOptions, _ keeping: Keeping,
    _ prepare: @Sendable (SideColumn, ColumnType) -> PreparedColumn
  ) throws(TableError) -> (result: ComparisonResult, distributions: [ColumnDistribution]) {
    let plan = try ColumnPlan.make(reference: reference, current: current, options: options)
    var columns = Parallel.map(plan.entries) { entry in judge(entry, options, keeping, prepare) }
    adjust(&columns, options)
    QualityJudgement.adjust(&columns, options)
    let compared = columns.filter { $0.result.verdict != .skipped }
    let drifted = columns.filter(\.result.drifted).map(\.result.name)
    let share = compared.isEmpty ? 0 : Double(drifted.count) / Double(compared.count)
    let threshold = options.effectiveDriftShare
    var detected = threshold.map { !compared.isEmpty && share >= $0 } ?? !drifted.isEmpty
    var together: ComparisonResult.Multivariate?
    if case .test(.own(let test)) = options.choice, test.isMultivariate {
      if let a = reference.table, let b = current.table {
        together = MultivariateJudgement.result(test, a, b, plan, options)
      } else {
        together = .init(
          test: test.rawValue, columns: [], threshold: options.significance, drifted: false, verdict: .skipped,
          reason: NotComputable("it needs the rows, and a side is a profile").description)
      }
      detected = detected || together?.drifted == true
    }
    let result = ComparisonResult(
      rows: .init(reference: reference.rowCount, current: current.rowCount),
      drift: .init(detected: detected, share: share, threshold: threshold, driftedColumns: drifted), schema: plan.schema,
      qualityColumns: columns.filter { !$0.result.quality.findings.isEmpty }.map(\.result.name), multivariate: together, columns: columns.map(\.result),
      damaged: plan.damaged)
    return (result, columns.compactMap(\.distribution))
  }

  /// A column's result with what its verdict still needs.
  struct Judged: Sendable {
    var result: ColumnResult
    var outcome: ColumnJudgement.Outcome?
    /// Values present on each side.
    var referencePresent = 0
    var currentPresent = 0
    /// If it is kept.
    var distribution: ColumnDistribution?
  }

  private static func judge(
    _ entry: ColumnPlan.Entry, _ options: ComparisonOptions, _ keeping: Keeping, _ prepare: (SideColumn, ColumnType) -> PreparedColumn
  ) -> Judged {
    var result = ColumnResult(
      name: entry.reference.name, type: entry.type, drifted: false, verdict: .skipped, also: [], quality: ColumnQuality())
    let reference = prepare(entry.reference, entry.type)
    let areTimes = entry.type == .datetime
    result.reference = reference.summary(areTimes: areTimes)
    guard let column = entry.current else {
      result.skipped = entry.skipped
      return Judged(result: result)
    }
    let current = column.prepared(as: entry.skipped == nil ? entry.type : column.type)
    result.current = current.summary(areTimes: entry.skipped == nil ? areTimes : column.type == .datetime)
    if let skipped = entry.skipped {
      result.skipped = skipped
      return Judged(result: result)
    }
    result.quality = QualityJudgement.quality(reference, current, entry.type)
    var judged = Judged(result: result, referencePresent: reference.present, currentPresent: current.present)
    if keeping == .distributions {
      let deviations = (result.reference?.std, result.current?.std)
      judged.distribution = ColumnDistribution(result.name, entry.type, reference, current, deviations: deviations)
    }
    let judgement = ColumnJudgement(reference: reference, current: current, type: entry.type, options: options)
    do throws(NotComputable) {
      let test = try judgement.chosen(for: entry.reference.name)
      judged.result.test = test.name
      judged.result.threshold = options.columnTests[entry.reference.name]?.threshold ?? test.defaultThreshold
      let outcome = try judgement.run(test)
      judged.outcome = outcome
      judged.result.statistic = outcome.result.statistic.ifFinite
      judged.result.pValue = outcome.pValue
      judged.result.score = outcome.score.ifFinite
    } catch {
      judged.result.skipped = error.description
    }
    judged.result.effect = judgement.effect(judged.outcome)
    judged.result.errorBound = judgement.errorBound
    for test in options.also where DriftTest.own(test).fits(entry.type) && DriftTest.own(test).name != judged.result.test {
      do throws(NotComputable) {
        let outcome = try judgement.run(.own(test), known: judged.outcome)
        judged.result.also.append(.init(test: test.rawValue, statistic: outcome.result.statistic.ifFinite, pValue: outcome.pValue))
      } catch {
        judged.result.also.append(.init(test: test.rawValue, reason: error.reason))
      }
    }
    return judged
  }

  /// Adjusts the p-values over the columns, then says which columns drifted.
  private static func adjust(_ columns: inout [Judged], _ options: ComparisonOptions) {
    let ours = columns.indices.filter { index in
      guard let outcome = columns[index].outcome, case .own = outcome.test else { return false }
      return columns[index].isEnough(options)
    }
    let adjusted = options.effectiveCorrection.adjust(ours.map { columns[$0].outcome?.pValue ?? 1 })
    for (index, p) in zip(ours, adjusted) { columns[index].result.pAdjusted = p }
    for index in columns.indices {
      guard let outcome = columns[index].outcome else { continue }
      columns[index].result.verdict = verdict(columns[index], outcome, options)
      columns[index].result.drifted = columns[index].result.verdict == .drifted
    }
  }

  private static func verdict(_ column: Judged, _ outcome: ColumnJudgement.Outcome, _ options: ComparisonOptions) -> ColumnResult.Verdict {
    let threshold = column.result.threshold ?? outcome.test.defaultThreshold
    if case .evidently(let test) = outcome.test { return test.isDrift(outcome.score, threshold: threshold) ? .drifted : .stable }
    guard column.isEnough(options) else { return .inconclusive }
    let p = column.result.pAdjusted ?? 1
    if outcome.isDistance { return outcome.score >= threshold && p <= options.significance ? .drifted : .stable }
    return p <= threshold && (column.result.effect ?? 0) >= options.minimumEffect ? .drifted : .stable
  }
}

extension Comparison.Judged {
  /// Whether both sides have the values that a verdict takes.
  func isEnough(_ options: ComparisonOptions) -> Bool { min(referencePresent, currentPresent) >= options.minimumRows }
}

extension Double {
  /// Nil when infinite or NaN, which JSON cannot hold.
  var ifFinite: Double? { isFinite ? self : nil }
}

/// A reference made ready once: its columns sorted and counted, or a profile, which is ready as it is.
public struct ComparisonReference: Sendable {
  /// The reference's data, or its profile.
  public let side: ComparisonSide
  /// With which it is compared.
  public let options: ComparisonOptions
  private let columns: [String: (type: ColumnType, column: PreparedColumn)]

  /// - Complexity: sorts every numeric column; the sorted copies are kept beside the table.
  public init(_ side: ComparisonSide, options: ComparisonOptions = ComparisonOptions()) {
    self.side = side
    self.options = options
    let wanted = side.columns.filter { !options.exclude.contains($0.name) }
    let prepared = Parallel.map(wanted) { column in
      let type = ColumnPlan.type(of: column, options)
      return (column.name, (type: type, column: column.prepared(as: type)))
    }
    columns = Dictionary(uniqueKeysWithValues: prepared)
  }

  /// From a table.
  public init(_ table: DataTable, options: ComparisonOptions = ComparisonOptions()) { self.init(.table(table), options: options) }

  func prepared(_ column: SideColumn, as type: ColumnType) -> PreparedColumn {
    if let ready = columns[column.name], ready.type == type { return ready.column }
    return column.prepared(as: type)
  }
}
