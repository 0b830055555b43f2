internal import Lifecycle
internal import Profiles
internal import Values

/// Measures how good the predictions of a window were, by the labels that are there.
struct QualityMeasuring: Sendable {
  let monitor: MonitorSpecification
  let task: ModelSpecification.Task
  let labels: LabelBook

  /// The labelled rows of a window.
  private struct Labelled {
    var labels: [String] = []
    var predictions: [String] = []
    var probabilities: [Double]?
    var groups: [String]?
    var versions: [String]?
  }

  func measure(_ window: WindowReference) throws -> MeasurementRecorded {
    let rows = try read(window.source)
    let all = try figures(rows, Array(rows.labels.indices))
    var arms: [String: ArmMeasurement] = [:]
    if let versions = rows.versions {
      for version in Set(versions).sorted() {
        let own = versions.indices.filter { versions[$0] == version }
        let figures = try figures(rows, own)
        arms[version] = ArmMeasurement(rows: own.count, metrics: figures.metrics, intervals: figures.intervals)
      }
    }
    return MeasurementRecorded(
      window: window, part: .quality, rows: rows.labels.count, drift: nil, columns: [], metrics: all.metrics, intervals: all.intervals,
      byVersion: arms, late: false, inconclusive: rows.labels.count < monitor.window.minimumRows)
  }

  private func figures(_ rows: Labelled, _ indices: [Int]) throws -> QualityFigures {
    let chosen = try QualityFigures.Rows(
      task, labels: indices.map { rows.labels[$0] }, predictions: indices.map { rows.predictions[$0] },
      probabilities: rows.probabilities.map { values in indices.map { values[$0] } })
    return QualityFigures(chosen, group: rows.groups.map { groups in indices.map { groups[$0] } })
  }

  private func read(_ path: String) throws -> Labelled {
    guard let id = monitor.columns.id, let prediction = monitor.columns.prediction else {
      throw MeasuringError("\(monitor.name): quality needs columns.id and columns.prediction in the monitor")
    }
    let texts = [id, prediction, monitor.columns.version, monitor.columns.group].compactMap { $0 }
    let table = try WindowRows(monitor).table(path, .init(raw: Set(texts)))
    let ids = try table.strings(id)
    let predictions = try table.strings(prediction)
    let probabilities = try monitor.columns.probability.flatMap { table[$0] == nil ? nil : try table.numbers($0) }
    let groups = try monitor.columns.group.flatMap { table[$0] == nil ? nil : try table.strings($0) }
    let versions = try monitor.columns.version.flatMap { table[$0] == nil ? nil : try table.strings($0) }
    var rows = Labelled()
    rows.probabilities = probabilities == nil ? nil : []
    rows.groups = groups == nil ? nil : []
    rows.versions = versions == nil ? nil : []
    for row in 0..<table.rowCount {
      guard let key = ids[row], let label = labels[key] else { continue }
      guard let predicted = predictions[row], !predicted.isEmpty else { continue }
      rows.labels.append(label)
      rows.predictions.append(predicted)
      if let probabilities { rows.probabilities?.append(probabilities[row]) }
      if let groups { rows.groups?.append(groups[row] ?? "") }
      if let versions { rows.versions?.append(versions[row] ?? "") }
    }
    return rows
  }
}
