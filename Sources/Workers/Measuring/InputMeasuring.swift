internal import Foundation
internal import Lifecycle
internal import Profiles
internal import Statistics
internal import Synchronization
internal import Values

/// Measures what came in with a window: drift of each column, and the confidence of the predictions.
struct InputMeasuring: Sendable {
  let monitor: MonitorSpecification
  let task: ModelSpecification.Task
  let reference: DataTable
  /// Labels that came before this window did.
  let early: LabelBook

  /// - Throws: `TableError` for a file that cannot be read, or that lacks a column of the reference.
  func measure(_ window: WindowReference) throws -> MeasurementRecorded {
    let table = try WindowRows(monitor).table(window.source, InputMeasuring.reading(monitor))
    guard table.rowCount > 0 else {
      throw TableError(source: window.source, problem: "it has no rows", advice: "a window needs at least one")
    }
    try check(table)
    let result = try Comparison.run(reference: reference, current: table, options: options)
    let columns = result.columns.map { column in
      let rows = column.current.map { $0.count + $0.missing } ?? 0
      return ColumnMeasurement(
        name: column.name, test: column.test, score: finite(column.score), statistic: finite(column.statistic), pValue: finite(column.pValue),
        pAdjusted: finite(column.pAdjusted), effect: finite(column.effect),
        threshold: column.threshold, verdict: column.verdict.rawValue,
        missing: column.current.flatMap { rows > 0 ? Double($0.missing) / Double(rows) : nil })
    }
    let judged = result.columns.contains { $0.verdict == .drifted || $0.verdict == .stable }
    let (metrics, intervals, arms) = try confidence(table)
    return MeasurementRecorded(
      window: window, part: .input, rows: table.rowCount,
      drift: DriftVerdict(
        detected: result.drift.detected, share: judged ? result.drift.share : nil, driftedColumns: result.drift.driftedColumns),
      schemaChanges: result.schema.new.map { "new: \($0)" } + result.schema.typeChanged.map { "type changed: \($0)" },
      columns: columns, metrics: metrics, intervals: intervals, byVersion: arms, late: false,
      inconclusive: table.rowCount < monitor.window.minimumRows, labelled: early.count(in: table))
  }

  /// How a monitor's files are read: what identifies or groups rows, and the answers, stay text.
  static func reading(_ monitor: MonitorSpecification) -> TableReader.Options {
    let columns = monitor.columns
    return .init(raw: Set([columns.id, columns.version, columns.time].compactMap { $0 }), skipped: Set(columns.exclude))
  }

  private var options: ComparisonOptions {
    var options = ComparisonOptions(choice: .init(monitor.tests.default) ?? .auto)
    options.exclude = monitor.columns.neverInputs
    options.optional = monitor.columns.comparedWherePresent
    options.driftShare = monitor.tests.driftShare
    options.correction = Correction(rawValue: monitor.tests.correction.rawValue)
    options.columnTests = monitor.tests.columns.compactMapValues { test in
      DriftTest(test.test).map { .init(test: $0, threshold: test.threshold) }
    }
    return options
  }

  /// A window that lacks a column of the reference, or has text where the reference has numbers, is not a window of this monitor.
  private func check(_ table: DataTable) throws {
    let skipped = monitor.columns.neverInputs.union(monitor.columns.comparedWherePresent)
    for column in reference.columns where !skipped.contains(column.name) {
      guard let own = table[column.name] else {
        throw TableError(
          source: table.source, column: column.name, problem: "the column is missing", advice: "the reference has it; write it, or exclude it")
      }
      if column.type == .numeric, own.type != .numeric, own.type != .boolean, let stray = own.stray {
        throw TableError(
          source: table.source, line: stray.line, column: column.name, cell: stray.text, problem: "is not a number",
          advice: "the column is numeric in the reference")
      }
    }
  }

  private func confidence(_ table: DataTable) throws -> ([String: Double], [String: [Double]], [String: ArmMeasurement]) {
    guard task == .classification, let prediction = monitor.columns.prediction, let probability = monitor.columns.probability,
      let answers = table[prediction], table[probability] != nil
    else { return ([:], [:], [:]) }
    let scores = try table.numbers(probability)
    let rows = (0..<table.rowCount).filter { answers.string(at: $0) != nil && scores[$0].isFinite }
    func figures(_ rows: [Int]) throws -> QualityFigures {
      QualityFigures(
        try .init(task, labels: nil, predictions: rows.map { answers.string(at: $0) ?? "" }, probabilities: rows.map { scores[$0] }))
    }
    let all = try figures(rows)
    var arms: [String: ArmMeasurement] = [:]
    if let name = monitor.columns.version, let versions = table[name] {
      for (version, own) in Dictionary(grouping: rows, by: { versions.string(at: $0) ?? "" }) {
        let figures = try figures(own)
        arms[version] = ArmMeasurement(rows: own.count, metrics: figures.metrics, intervals: figures.intervals)
      }
    }
    return (all.metrics, all.intervals, arms)
  }

  private func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
}

/// Reference tables that were read, so that each is read once and not for every window.
final class ReferenceCache: Sendable {
  private struct Entry: Sendable {
    var key: String
    var table: DataTable
  }

  /// The latest few: a process measures few monitors at a time.
  private static let kept = 4
  private let entries = Mutex<[Entry]>([])

  /// The reference of a monitor.
  /// - Throws: `MeasuringError` without one or when its content is not what was pinned, `TableError` when it cannot be read.
  func table(_ state: MonitorState, _ monitor: MonitorSpecification) throws -> DataTable {
    var path = state.baseline?.path
    if path == nil, case .file(let declared) = monitor.baseline { path = declared }
    if path == nil, case .sql(let sql) = monitor.baseline {
      // Read once by each process: what it gives later is not looked at.
      return try table("\(sql)/\(monitor.columns)") { try WindowRows(monitor).reference(sql, InputMeasuring.reading(monitor)) }
    }
    guard let path else { throw MeasuringError("\(monitor.name): it has no reference; pin one with `kedge baseline pin \(monitor.name) --from FILE`") }
    let sha256 = try checksum(ofData: path).sha256
    if let pinned = state.baseline, pinned.sha256 != sha256 {
      throw MeasuringError("\(path): the reference changed after it was pinned; pin it again with `kedge baseline pin \(monitor.name) --from FILE`")
    }
    return try table("\(sha256)/\(monitor.columns)") { try TableReader.read(path: path, options: InputMeasuring.reading(monitor)) }
  }

  private func table(_ key: String, _ read: () throws -> DataTable) throws -> DataTable {
    if let entry = entries.withLock({ entries in entries.first { $0.key == key } }) { return entry.table }
    let table = try read()
    entries.withLock { entries in entries = (entries + [Entry(key: key, table: table)]).suffix(ReferenceCache.kept) }
    return table
  }
}
