internal import Foundation
internal import Integrations
internal import Lifecycle
internal import PostgreSQL
internal import Profiles
internal import Synchronization

/// References that were made ready, so that each is read once and not for every window.
final class ReferenceCache: Sendable {
  private struct Entry: Sendable {
    var key: Key
    var reference: MonitorReference
  }

  /// What is compared with, and how.
  private struct Key: Hashable {
    /// A checksum, or a query.
    let content: String
    let columns: MonitorColumns
    let options: ComparisonOptions
    let task: PredictionTask
  }

  /// The latest few: a process measures few monitors at a time.
  private static let kept = 4
  private let entries = Mutex<[Entry]>([])

  /// The reference of a monitor: what was pinned of it, or where tests ask for its rows, the rows.
  /// - Throws: `MeasuringError` without one or when its content is not what was pinned, `TableError` when it cannot be read.
  func reference(_ state: MonitorState, _ monitor: MonitorSpecification, _ task: PredictionTask, _ database: any Queryable) async throws -> MonitorReference {
    if let profile = state.baseline?.profile, let found = try await pinned(profile, monitor, task, database) { return found }
    return try await onThread { try self.read(state, monitor, task) }
  }

  /// The same, or why there is none. A database that cannot be asked is no answer.
  func outcome(
    _ state: MonitorState, _ monitor: MonitorSpecification, _ task: PredictionTask, _ database: any Queryable
  ) async throws -> Result<MonitorReference, any Error> {
    do { return .success(try await reference(state, monitor, task, database)) } catch let error as TableError {
      return .failure(error)
    } catch let error as MeasuringError {
      return .failure(error)
    } catch let error as ArtifactError {
      return .failure(error)
    } catch let error as CredentialError {
      return .failure(error)
    }
  }

  private func pinned(
    _ profile: String, _ monitor: MonitorSpecification, _ task: PredictionTask, _ database: any Queryable
  ) async throws -> MonitorReference? {
    let key = Key(content: profile, columns: monitor.columns, options: InputMeasuring.options(monitor), task: task)
    if let found = kept(key) { return found }
    // The profile may have been dropped.
    guard let content = try await database.query("select content from kedge.sketch where sha256 = \(profile)").first?.decode([UInt8].self, at: 0) else {
      return nil
    }
    return try await onThread {
      let pinned = try PinnedReference(packed: content, source: monitor.name)
      guard pinned.covers(key.options) else { return nil }
      return self.keep(MonitorReference(pinned, group: monitor.columns.group, options: key.options), key)
    }
  }

  /// It blocks.
  private func read(_ state: MonitorState, _ monitor: MonitorSpecification, _ task: PredictionTask) throws -> MonitorReference {
    func made(_ content: String, _ read: () throws -> DataTable) throws -> MonitorReference {
      let key = Key(content: content, columns: monitor.columns, options: InputMeasuring.options(monitor), task: task)
      if let found = kept(key) { return found }
      let table = try read()
      return keep(
        try MonitorReference(table, model: try ModelReference(table, of: monitor, task), group: monitor.columns.group, options: key.options), key)
    }
    var path = state.baseline?.path
    if path == nil, case .file(let declared) = monitor.baseline { path = declared }
    if path == nil, case .sql(let sql) = monitor.baseline {
      // Read once by each process: what it gives later is not looked at.
      return try made("\(sql)") { try WindowRows(monitor).reference(sql, InputMeasuring.reading(monitor)) }
    }
    guard let path else { throw MeasuringError("\(monitor.name): it has no reference; pin one with `kedge baseline pin \(monitor.name) --from FILE`") }
    if TableProfile.isProfile(path: path) {
      throw MeasuringError(
        "\(path): the reference is a profile, and the tests of \(monitor.name) need rows; choose other tests, or pin the file that it was made of")
    }
    let sha256 = try checksum(ofData: path).sha256
    if let pinned = state.baseline, pinned.sha256 != sha256 {
      throw MeasuringError(
        "\(path): the reference changed after it was pinned, and the tests of \(monitor.name) need its rows; "
          + "pin it again with `kedge baseline pin \(monitor.name) --from FILE`")
    }
    return try made(sha256) { try TableReader.read(path: path, options: InputMeasuring.reading(monitor)) }
  }

  private func kept(_ key: Key) -> MonitorReference? { entries.withLock { entries in entries.first { $0.key == key }?.reference } }

  private func keep(_ reference: MonitorReference, _ key: Key) -> MonitorReference {
    entries.withLock { entries in entries = (entries + [Entry(key: key, reference: reference)]).suffix(ReferenceCache.kept) }
    return reference
  }
}
