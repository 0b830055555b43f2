internal import Foundation
internal import Integrations
internal import Lifecycle
internal import PostgreSQL
internal import Profiles
internal import Projections
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
  private let artifacts: ArtifactStore?
  private let entries = Mutex<[Entry]>([])

  /// - Parameter artifacts: where versions leave their baselines; nil where none is at hand.
  init(artifacts: ArtifactStore? = nil) { self.artifacts = artifacts }

  /// The reference of a monitor: what was pinned of it, or where tests ask for its rows, the rows.
  /// - Throws: `MeasuringError` without one or when its content is not what was pinned, `TableError` when it cannot be read.
  func reference(_ state: MonitorState, _ monitor: MonitorSpecification, _ task: PredictionTask, _ database: any Queryable) async throws -> MonitorReference {
    if let profile = state.baseline?.profile, let found = try await pinned(profile, monitor, task, database) { return found }
    if state.baseline == nil, case .version(let name)? = monitor.baseline { return try await left(by: name, monitor, task, database) }
    return try await onThread { try self.read(state, monitor, task) }
  }

  /// What a version's trainer left.
  private func left(
    by name: String, _ monitor: MonitorSpecification, _ task: PredictionTask, _ database: any Queryable
  ) async throws -> MonitorReference {
    var session = DecisionSession(database)
    let model = try await session.load(ModelState.self, "model/\(monitor.model)")
    guard let version = model.version(named: name)?.registration else {
      let known = model.aliases.keys.sorted().joined(separator: ", ")
      throw MeasuringError(
        "\(monitor.name): its baseline is \(name), and \(monitor.model) has no such version or alias\(known.isEmpty ? "" : " (it has \(known))"); "
          + "set one with `kedge alias VERSION \(name)`")
    }
    guard let artifact = version.baseline else {
      throw MeasuringError(
        "\(monitor.name): its baseline is \(version.version), whose trainer left none; "
          + "write {\"baseline\": \"FILE\"} to result.json, or pin one with `kedge baseline pin \(monitor.name) --from FILE`")
    }
    guard let artifacts else { throw MeasuringError("\(monitor.name): its baseline is what \(version.version) left, which measurers alone have at hand") }
    let path = try await artifacts.path(of: artifact)
    return try await onThread {
      guard TableProfile.isProfile(path: path) else {
        return try self.made(of: artifact.sha256, monitor, task) { try TableReader.read(path: path, options: InputMeasuring.reading(monitor)) }
      }
      let key = ReferenceCache.key(artifact.sha256, monitor, task)
      if let found = self.kept(key) { return found }
      let pinned = PinnedReference(try TableProfile.read(path: path), task: task)
      guard pinned.covers(key.options) else { throw ReferenceCache.needsRows(artifact.name, monitor) }
      return self.keep(MonitorReference(pinned, group: monitor.columns.group, options: key.options), key)
    }
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
    let key = ReferenceCache.key(profile, monitor, task)
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
    var path = state.baseline?.path
    if path == nil, case .file(let declared) = monitor.baseline { path = declared }
    if path == nil, case .sql(let sql) = monitor.baseline {
      // Read once by each process: what it gives later is not looked at.
      return try made(of: "\(sql)", monitor, task) { try WindowRows(monitor, nil).reference(sql, InputMeasuring.reading(monitor)) }
    }
    guard let path else { throw MeasuringError("\(monitor.name): it has no reference; pin one with `kedge baseline pin \(monitor.name) --from FILE`") }
    if TableProfile.isProfile(path: path) { throw ReferenceCache.needsRows(path, monitor) }
    let sha256 = try checksum(ofData: path).sha256
    if let pinned = state.baseline, pinned.sha256 != sha256 {
      throw MeasuringError(
        "\(path): the reference changed after it was pinned, and the tests of \(monitor.name) need its rows; "
          + "pin it again with `kedge baseline pin \(monitor.name) --from FILE`")
    }
    return try made(of: sha256, monitor, task) { try TableReader.read(path: path, options: InputMeasuring.reading(monitor)) }
  }

  private static func needsRows(_ path: String, _ monitor: MonitorSpecification) -> MeasuringError {
    MeasuringError("\(path): the reference is a profile, and the tests of \(monitor.name) need rows; choose other tests, or pin the file that it was made of")
  }

  private static func key(_ content: String, _ monitor: MonitorSpecification, _ task: PredictionTask) -> Key {
    Key(content: content, columns: monitor.columns, options: InputMeasuring.options(monitor), task: task)
  }

  /// The reference of some content, read if it is not at hand.
  private func made(
    of content: String, _ monitor: MonitorSpecification, _ task: PredictionTask, _ read: () throws -> DataTable
  ) throws -> MonitorReference {
    let key = ReferenceCache.key(content, monitor, task)
    if let found = kept(key) { return found }
    let table = try read()
    return keep(try MonitorReference(table, model: try ModelReference(table, of: monitor, task), group: monitor.columns.group, options: key.options), key)
  }

  private func kept(_ key: Key) -> MonitorReference? { entries.withLock { entries in entries.first { $0.key == key }?.reference } }

  private func keep(_ reference: MonitorReference, _ key: Key) -> MonitorReference {
    entries.withLock { entries in entries = (entries + [Entry(key: key, reference: reference)]).suffix(ReferenceCache.kept) }
    return reference
  }
}
