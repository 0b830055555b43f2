internal import Crypto
internal import Foundation
internal import Lifecycle
internal import Profiles
internal import Statistics
internal import Values

/// Measures what came in with a window: drift of each column and group, the confidence of the predictions, and what can be said of the model without labels.
struct InputMeasuring: Sendable {
  let monitor: MonitorSpecification
  let rows: WindowRows
  let reference: MonitorReference
  let history: MonitorHistory

  /// - Returns: the measurement, what finds the window's rows again, and the profile of the window that the measurement names.
  /// - Throws: `TableError` for a file that cannot be read, or that lacks a column of the reference.
  func measure(_ window: WindowReference) throws -> (MeasurementRecorded, RowKeys?, [UInt8]) {
    let table = try rows.table(window.source, InputMeasuring.reading(monitor))
    guard table.rowCount > 0 else {
      throw TableError(source: window.source, problem: "it has no rows", advice: "a window needs at least one")
    }
    try check(table)
    let result = try Comparison.run(reference: reference.whole, current: table)
    var measurement = InputMeasuring.recorded(result, window, rows: table.rowCount)
    measurement.inconclusive = table.rowCount < monitor.window.minimumRows
    try addHistograms(to: &measurement, table)
    let answers = try answers(table)
    if let answers {
      let figures = QualityFigures(answers, reference.model)
      (measurement.metrics, measurement.intervals) = (figures.metrics, figures.intervals)
      if let name = monitor.columns.version, table[name] != nil {
        for (version, indices) in try answers.grouped(by: name, in: table) where version != "missing" {
          let own = QualityFigures(answers.selecting(indices), reference.model)
          measurement.byVersion[version] = ArmMeasurement(rows: indices.count, metrics: own.metrics, intervals: own.intervals)
        }
      }
    }
    measurement.segments = try segments(table, answers)
    ModelDriftMeasuring(reference: reference.model, history: history)
      .complete(&measurement, answers, in: table, inputs: InputMeasuring.inputs(measurement.columns, monitor))
    let ids = try monitor.columns.id.flatMap { table[$0] == nil ? nil : try table.strings($0) }
    let sketch = try TableProfile(window: table, excluding: monitor.columns.neverInputs).packed()
    measurement.sketch = SHA256.hash(data: Data(sketch)).hexadecimal
    return (measurement, ids.map { RowKeys($0.compactMap { $0 }) }, sketch)
  }

  /// Columns of which a picture is kept, in a window that drifted.
  private static let pictured = 3

  /// Keeps of the columns that drifted furthest what a message needs to show them.
  private func addHistograms(to measurement: inout MeasurementRecorded, _ table: DataTable) throws {
    let furthest = measurement.columns.filter { $0.verdict == "drifted" }.sorted { ($1.effect ?? 0, $0.name) < ($0.effect ?? 0, $1.name) }
    let names = furthest.prefix(InputMeasuring.pictured).map(\.name)
    for distribution in try Comparison.distributions(of: names, reference: reference.whole, current: table) {
      guard let index = measurement.columns.firstIndex(where: { $0.name == distribution.name }) else { continue }
      measurement.columns[index].histogram = ColumnHistogram(distribution)
    }
  }

  /// What a comparison found, as it is recorded.
  static func recorded(_ result: Profiles.ComparisonResult, _ window: WindowReference, rows: Int) -> MeasurementRecorded {
    MeasurementRecorded(
      window: window, part: .input, rows: rows, drift: DriftVerdict(result),
      schemaChanges: result.schema.new.map { "new: \($0)" } + result.schema.typeChanged.map { "type changed: \($0)" },
      columns: result.columns.map(ColumnMeasurement.init), metrics: [:], late: false, inconclusive: false,
      together: result.multivariate.map(TogetherMeasurement.init))
  }

  /// The answers in a window; nil when it has none.
  private func answers(_ table: DataTable) throws -> ModelAnswers? {
    guard let prediction = monitor.columns.prediction, table[prediction] != nil else { return nil }
    return try ModelAnswers(table, task: reference.model.task, prediction: prediction, probability: monitor.columns.probability)
  }

  /// How many input columns drifted, and of how many that have a verdict.
  static func inputs(_ columns: [ColumnMeasurement], _ monitor: MonitorSpecification) -> (count: Int, of: Int)? {
    let judged = columns.filter { column in
      !monitor.columns.comparedWherePresent.contains(column.name) && ["drifted", "stable"].contains(column.verdict)
    }
    return judged.isEmpty ? nil : (judged.count { $0.verdict == "drifted" }, judged.count)
  }

  private func segments(_ table: DataTable, _ answers: ModelAnswers?) throws -> [SegmentMeasurement]? {
    guard let group = monitor.columns.group, table[group] != nil else { return nil }
    let answered = try answers?.grouped(by: group, in: table) ?? [:]
    return try MonitorReference.largest(try Segments.rows(table, by: group)).map { name, rows in
      guard rows.count >= MonitorReference.smallestGroup else { return SegmentMeasurement(group: name, rows: rows.count, tooSmall: true) }
      var segment = SegmentMeasurement(group: name, rows: rows.count, tooSmall: reference.groups[name] == nil)
      if let before = reference.groups[name] {
        segment.drift = DriftVerdict(try Comparison.run(reference: before, current: table.selecting(rows)))
      }
      if let answers, let indices = answered[name] {
        let figures = QualityFigures(answers.selecting(indices), reference.model).summary
        (segment.metrics, segment.intervals) = (figures.metrics, figures.intervals)
      }
      return segment
    }
  }

  /// How a monitor's files are read: what identifies or groups rows, and the answers, stay text.
  static func reading(_ monitor: MonitorSpecification) -> TableReader.Options {
    let columns = monitor.columns
    return .init(raw: Set([columns.id, columns.version, columns.time].compactMap { $0 }), skipped: Set(columns.exclude))
  }

  /// How a monitor's windows are compared.
  static func options(_ monitor: MonitorSpecification) -> ComparisonOptions {
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
    for (name, type) in reference.whole.side.columnTypes where !skipped.contains(name) {
      guard let own = table[name] else {
        throw TableError(source: table.source, column: name, problem: "the column is missing", advice: "the reference has it; write it, or exclude it")
      }
      if type == .numeric, own.type != .numeric, own.type != .boolean, let stray = own.stray {
        throw TableError(
          source: table.source, line: stray.line, column: name, cell: stray.text, problem: "is not a number",
          advice: "the column is numeric in the reference")
      }
    }
  }
}

extension DriftVerdict {
  /// What a comparison found; without a share when no column could be judged.
  fileprivate init(_ result: Profiles.ComparisonResult) {
    let judged = result.columns.contains { $0.verdict == .drifted || $0.verdict == .stable }
    self.init(detected: result.drift.detected, share: judged ? result.drift.share : nil, driftedColumns: result.drift.driftedColumns)
  }
}

extension ColumnMeasurement {
  fileprivate init(_ column: ColumnResult) {
    let rows = column.current.map { $0.count + $0.missing } ?? 0
    self.init(
      name: column.name, test: column.test, score: finite(column.score), statistic: finite(column.statistic), pValue: finite(column.pValue),
      pAdjusted: finite(column.pAdjusted), effect: finite(column.effect), threshold: column.threshold, verdict: column.verdict.rawValue,
      missing: column.current.flatMap { rows > 0 ? Double($0.missing) / Double(rows) : nil })
  }
}

extension ColumnHistogram {
  /// Nil when there is nothing to show.
  init?(_ distribution: ColumnDistribution) {
    func rounded(_ share: Double) -> Double { (share * 10_000).rounded() / 10_000 }
    if !distribution.categories.isEmpty {
      let shown = distribution.categories.prefix(ColumnHistogram.most)
      // A category may be a whole document; its beginning tells it apart.
      self.init(
        categories: shown.map { String($0.value.prefix(60)) }, reference: shown.map { rounded($0.reference) }, current: shown.map { rounded($0.current) })
    } else {
      let bins = distribution.edges.count - 1
      guard bins > 0, distribution.reference.count == bins, distribution.current.count == bins else { return nil }
      let each = (bins + ColumnHistogram.most - 1) / ColumnHistogram.most
      let starts = Array(stride(from: 0, to: bins, by: each))
      func gathered(_ shares: [Double]) -> [Double] { starts.map { rounded(shares[$0..<min($0 + each, bins)].reduce(0, +)) } }
      self.init(
        edges: starts.map { distribution.edges[$0] } + [distribution.edges[bins]], areTimes: distribution.type == .datetime ? true : nil,
        reference: gathered(distribution.reference), current: gathered(distribution.current))
    }
  }
}

extension TogetherMeasurement {
  fileprivate init(_ found: Profiles.ComparisonResult.Multivariate) {
    self.init(
      test: found.test, statistic: finite(found.statistic), pValue: finite(found.pValue), effect: finite(found.effect), verdict: found.verdict.rawValue,
      reason: found.reason)
  }
}

private func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
