internal import Crypto
internal import Foundation
public import Lifecycle
public import PostgreSQL
internal import Profiles
internal import Values

/// A file that is made a monitor's reference: what the log says of it, and the profile that takes its place.
public struct BaselineReading: Sendable {
  /// For the log.
  public let fact: BaselinePinned
  /// For the table of sketches.
  private let sketch: [UInt8]

  /// Reads the file as the monitor's windows are read. It blocks; call it on a thread that may.
  /// - Parameter path: absolute; data, or a profile that `kedge profile` wrote.
  /// - Throws: `TableError` when it is neither, `ArtifactError` when it cannot be opened.
  public init(_ path: String, for monitor: MonitorSpecification, task: ModelSpecification.Task) throws {
    let sha256 = try checksum(ofData: path).sha256
    let pinned: PinnedReference
    let rows: Int
    if TableProfile.isProfile(path: path) {
      let profile = try TableProfile.read(path: path)
      (pinned, rows) = (PinnedReference(profile, task: PredictionTask(task)), profile.rows)
    } else {
      let table = try TableReader.read(path: path, options: InputMeasuring.reading(monitor))
      let model = try ModelReference(table, of: monitor, PredictionTask(task))
      (pinned, rows) = (try PinnedReference(table, model: model, group: monitor.columns.group, excluding: monitor.columns.neverInputs), table.rowCount)
    }
    sketch = try pinned.packed()
    fact = BaselinePinned(path: path, sha256: sha256, rows: rows, profile: SHA256.hash(data: Data(sketch)).hexadecimal)
  }

  /// The SHA-256 of what lies at a path now.
  /// - Throws: `ArtifactError` or `TableError` when it cannot be read.
  public static func contentChecksum(of path: String) throws -> String { try checksum(ofData: path).sha256 }

  /// Stores the profile beside the log.
  public func store(_ database: any Queryable) async throws {
    try await database.query("insert into kedge.sketch (sha256, content) values (\(fact.profile), \(sketch)) on conflict (sha256) do nothing")
  }
}

extension PredictionTask {
  /// The task of a model.
  init(_ task: ModelSpecification.Task) { self = task == .regression ? .regression : .classification }
}

extension ModelReference {
  /// What a reference says of a monitor's model.
  init(_ table: DataTable, of monitor: MonitorSpecification, _ task: PredictionTask) throws(TableError) {
    let columns = monitor.columns
    try self.init(
      table, task: task,
      columns: .init(prediction: columns.prediction, probability: columns.probability, label: columns.label, excluded: columns.neverInputs),
      bootstrap: QualityFigures.bootstrap)
  }
}
