internal import Foundation
internal import Lifecycle
internal import Profiles
internal import Synchronization

/// References that were read and made ready, so that each is read once and not for every window.
final class ReferenceCache: Sendable {
  private struct Entry: Sendable {
    var key: Key
    var reference: MonitorReference
  }

  /// The latest few: a process measures few monitors at a time.
  private static let kept = 4
  private let entries = Mutex<[Entry]>([])

  /// The reference of a monitor.
  /// - Throws: `MeasuringError` without one or when its content is not what was pinned, `TableError` when it cannot be read.
  func reference(_ state: MonitorState, _ monitor: MonitorSpecification, _ task: PredictionTask) throws -> MonitorReference {
    let use = Use(monitor: monitor, task: task)
    var path = state.baseline?.path
    if path == nil, case .file(let declared) = monitor.baseline { path = declared }
    if path == nil, case .sql(let sql) = monitor.baseline {
      // Read once by each process: what it gives later is not looked at.
      return try reference("\(sql)", use) { try WindowRows(monitor).reference(sql, InputMeasuring.reading(monitor)) }
    }
    guard let path else { throw MeasuringError("\(monitor.name): it has no reference; pin one with `kedge baseline pin \(monitor.name) --from FILE`") }
    let sha256 = try checksum(ofData: path).sha256
    if let pinned = state.baseline, pinned.sha256 != sha256 {
      throw MeasuringError("\(path): the reference changed after it was pinned; pin it again with `kedge baseline pin \(monitor.name) --from FILE`")
    }
    return try reference(sha256, use) { try TableReader.read(path: path, options: InputMeasuring.reading(monitor)) }
  }

  private struct Key: Hashable {
    let content: String
    let use: Use
  }

  /// What a reference is made ready for.
  private struct Use: Hashable {
    let columns: MonitorColumns
    let options: ComparisonOptions
    let task: PredictionTask

    init(monitor: MonitorSpecification, task: PredictionTask) {
      columns = monitor.columns
      options = InputMeasuring.options(monitor)
      self.task = task
    }
  }

  private func reference(_ content: String, _ use: Use, _ read: () throws -> DataTable) throws -> MonitorReference {
    let key = Key(content: content, use: use)
    if let entry = entries.withLock({ entries in entries.first { $0.key == key } }) { return entry.reference }
    let table = try read()
    let columns = ModelReference.Columns(
      prediction: use.columns.prediction, probability: use.columns.probability, label: use.columns.label, excluded: use.columns.neverInputs)
    let reference = try MonitorReference(
      table, model: try ModelReference(table, task: use.task, columns: columns, bootstrap: QualityFigures.bootstrap), group: use.columns.group,
      options: use.options)
    entries.withLock { entries in entries = (entries + [Entry(key: key, reference: reference)]).suffix(ReferenceCache.kept) }
    return reference
  }
}
