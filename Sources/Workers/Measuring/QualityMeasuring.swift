internal import Lifecycle
internal import Profiles
internal import Values

/// Measures how good the predictions of a window were, by the labels that are there.
struct QualityMeasuring: Sendable {
  let monitor: MonitorSpecification
  let rows: WindowRows
  let reference: ModelReference
  let history: MonitorHistory

  /// A window's rows with what finds them again.
  struct Rows: Sendable {
    let table: DataTable
    let ids: [String?]
    let keys: RowKeys
  }

  /// Reads a window as its quality is measured.
  /// - Throws: `TableError`; `MeasuringError` when the monitor does not say what joins labels.
  func read(_ source: String) throws -> Rows {
    guard let id = monitor.columns.id, monitor.columns.prediction != nil else {
      throw MeasuringError("\(monitor.name): quality needs columns.id and columns.prediction in the monitor")
    }
    let table = try rows.table(source, InputMeasuring.reading(monitor))
    let ids = try table.strings(id)
    return Rows(table: table, ids: ids, keys: RowKeys(ids.compactMap { $0 }))
  }

  /// - Parameter inputs: how many inputs of the window drifted, and of how many.
  func measure(_ window: WindowReference, _ rows: Rows, _ labels: LabelBook, inputs: (count: Int, of: Int)?) throws -> MeasurementRecorded {
    let (table, columns) = (rows.table, monitor.columns)
    let answers = try ModelAnswers(
      table, task: reference.task, prediction: columns.prediction ?? "", probability: columns.probability,
      labels: rows.ids.map { $0.flatMap { labels[$0] } })
    let group = columns.group.flatMap { table[$0] == nil ? nil : $0 }
    let groups = try group.map { try table.strings($0) }
    let all = QualityFigures(answers, reference, group: groups.map { groups in answers.rows.map { groups[$0] ?? "missing" } })
    var measurement = MeasurementRecorded(
      window: window, part: .quality, rows: answers.count, drift: nil, columns: [], metrics: all.metrics, intervals: all.intervals, late: false,
      inconclusive: answers.count < monitor.window.minimumRows)
    if let version = columns.version, table[version] != nil {
      for (version, indices) in try answers.grouped(by: version, in: table) where version != "missing" {
        let own = QualityFigures(answers.selecting(indices), reference)
        measurement.byVersion[version] = ArmMeasurement(rows: indices.count, metrics: own.metrics, intervals: own.intervals)
      }
    }
    measurement.segments = try group.map { group in
      MonitorReference.largest(try answers.grouped(by: group, in: table)).map { name, indices in
        guard indices.count >= MonitorReference.smallestGroup else { return SegmentMeasurement(group: name, rows: indices.count, tooSmall: true) }
        let own = QualityFigures(answers.selecting(indices), reference).summary
        return SegmentMeasurement(group: name, rows: indices.count, tooSmall: false, metrics: own.metrics, intervals: own.intervals)
      }
    }
    ModelDriftMeasuring(reference: reference, history: history).complete(&measurement, labelled: answers, in: table, inputs: inputs)
    return measurement
  }
}
