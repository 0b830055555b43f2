internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Profiles
internal import Projections
internal import Values

/// Joins labels with the windows that they are about, by id, and measures the quality of each.
///
/// Only the windows that hold one of a file's ids are read, and for each of them only the files of labels that hold one of its own.
struct LabelJoin: Sendable {
  let context: WorkContext
  let joins: JoinIndex
  let references: ReferenceCache
  let work: Work
  let state: MonitorState
  let monitor: MonitorSpecification
  let task: PredictionTask

  private var reader: WindowRows { WindowRows(monitor, context.database) }

  func run() async throws {
    if let json = work.data["window"], json.object != nil {
      // Labels that were there before their window.
      let window = try json.decode(WindowReference.self)
      let facts = try await qualities(of: [window], besides: nil).map(\.fact)
      return try await record(facts) { _ in }
    }
    let found = try work.data.decode(LabelsFound.self)
    let keys: RowKeys
    do {
      keys = try await onThread { RowKeys(try ids(of: found.source)) }
    } catch {
      let failed = LabelsJoined(source: found.source, checksum: found.checksum, windows: [], failure: MeasuringError.reason(error))
      return try await record([.labelsJoined(failed)]) { _ in }
    }
    let holder = JoinIndex.Holder(owner: found.checksum, about: .string(found.source))
    while true {
      let candidates = try await joins.holders(of: keys, monitor.name, .window)
      let windows = try candidates.holders.map { try $0.about.decode(WindowReference.self) }.sorted { ($0.endAt, $0.source) < ($1.endAt, $1.source) }
      let measured = try await qualities(of: windows, besides: found.source)
      let matched = measured.reduce(into: Set<UInt64>()) { $0.formUnion($1.keys.hashes) }
      let joined = LabelsJoined(
        source: found.source, checksum: found.checksum, windows: measured.map(\.window), unmatched: keys.hashes.count { !matched.contains($0) })
      do {
        return try await record(measured.map(\.fact) + [.labelsJoined(joined)]) { database in
          guard try await JoinIndex.lock(monitor.name, .window, database) == candidates.seen else { throw Outdated() }
          try await JoinIndex.add(keys, of: holder, monitor.name, .labels, database)
        }
      } catch is Outdated {
        // A window was measured meanwhile: it may hold some of them.
        continue
      }
    }
  }

  private func ids(of source: String) throws -> [String] {
    guard let id = monitor.columns.id, let label = monitor.columns.label else {
      throw MeasuringError("\(monitor.name): labels need columns.id and columns.label in the monitor")
    }
    return Array(try LabelBook.read(source, reader, id: id, label: label).keys)
  }

  // MARK: measuring

  private struct Quality: Sendable {
    let window: WindowID
    let keys: RowKeys
    let fact: Fact
  }

  /// Measures the windows by all labels that there are for them.
  /// - Parameter source: a file of labels that is not among the known ones yet. Windows that it has nothing for, or that cannot be read any more, are
  ///   passed over; nil: every window has an outcome.
  private func qualities(of windows: [WindowReference], besides source: String?) async throws -> [Quality] {
    guard !windows.isEmpty else { return [] }
    // Quality can be measured without a reference: it only has nothing to be held against.
    let reference: ModelReference
    switch try await references.outcome(state, monitor, task, context.database) {
    case .success(let found): reference = found.model
    case .failure(let error): reference = ModelReference(task: task, unknown: MeasuringError.reason(error))
    }
    let monitor = monitor
    var history = try await MonitorHistory(of: work.stream, .quality, context.database)
    let inputs = try await inputs(of: windows)
    var books = LabelFiles(monitor, reader)
    var found: [Quality] = []
    for window in windows {
      let measuring = QualityMeasuring(monitor: monitor, rows: reader, reference: reference, history: history)
      let rows: QualityMeasuring.Rows
      do {
        rows = try await onThread { try measuring.read(window.source) }
      } catch {
        guard source == nil else { continue }
        let failed = MeasurementFailed(window: window, part: .quality, reason: MeasuringError.reason(error))
        found.append(Quality(window: window.id, keys: RowKeys([]), fact: .measurementFailed(failed)))
        continue
      }
      let known = try await joins.holders(of: rows.keys, monitor.name, .labels).holders.compactMap(\.about.string)
      let reading = books
      let (book, read) = try await onThread {
        var books = reading
        return (books.book(of: Set(known + [source].compactMap { $0 })), books)
      }
      books = read
      let own = inputs[window.id]
      let fact = try await onThread { () -> Fact? in
        // A shared hash is no shared id.
        guard source == nil || rows.ids.contains(where: { $0.map { book[$0] != nil } ?? false }) else { return nil }
        do {
          return .measurementRecorded(try measuring.measure(window, rows, book, inputs: own))
        } catch {
          return .measurementFailed(MeasurementFailed(window: window, part: .quality, reason: MeasuringError.reason(error)))
        }
      }
      guard let fact else { continue }
      if case .measurementRecorded(let measurement) = fact { history.note(measurement) }
      found.append(Quality(window: window.id, keys: rows.keys, fact: fact))
    }
    return found
  }

  /// How many inputs of each window drifted, as its own measurement said.
  private func inputs(of windows: [WindowReference]) async throws -> [WindowID: (count: Int, of: Int)] {
    let rows = try await context.database.query(
      """
      select window_id, columns from kedge.measurement
      where monitor = \(monitor.name) and part = 'input' and end_at = any(\(windows.map(\.endAt))) and window_id = any(\(windows.map(\.id.uuid)))
        and columns is not null
      order by position
      """, as: UUID.self, JSON.self)
    var inputs: [WindowID: (count: Int, of: Int)] = [:]
    for (id, columns) in rows { inputs[WindowID(id)] = InputMeasuring.inputs(try columns.decode(), monitor) }
    return inputs
  }

  // MARK: recording

  private func record(_ facts: [Fact], _ prepare: @escaping @Sendable (any Queryable) async throws -> Void) async throws {
    let findings = try await findings(of: facts)
    try await context.record(work, as: .measurer, completing: true) { session in
      try await prepare(session.database)
      try await session.recordMeasured(facts, on: work.stream, findings: findings)
    }
  }

  /// The events by which the windows were found.
  private func findings(of facts: [Fact]) async throws -> [WindowID: UUID] {
    let windows = facts.compactMap { fact -> UUID? in
      guard case .measurementRecorded(let measurement) = fact else { return nil }
      return measurement.window.id.uuid
    }
    guard !windows.isEmpty else { return [:] }
    let rows = try await context.database.query(
      """
      select e.id, w.id from kedge.monitor_window w join kedge.log_order o on o.position = w.position join kedge.event e on e.number = o.event
      where w.id = any(\(windows))
      """, as: UUID.self, UUID.self)
    return Dictionary(rows.map { (WindowID($0.1), $0.0) }) { $1 }
  }
}

/// Files of labels, each read once.
private struct LabelFiles: Sendable {
  private let monitor: MonitorSpecification
  private let reader: WindowRows
  private var order: [String: LabelBook.Order] = [:]
  private var books: [String: [String: String]] = [:]

  init(_ monitor: MonitorSpecification, _ reader: WindowRows) {
    self.monitor = monitor
    self.reader = reader
  }

  /// What some of them say together; those that are gone, or cannot be read, say nothing.
  mutating func book(of paths: Set<String>) -> LabelBook {
    for path in paths where order[path] == nil {
      guard let id = monitor.columns.id, let label = monitor.columns.label, let found = LabelBook.Order(path) else { continue }
      order[path] = found
      books[path] = try? LabelBook.read(path, reader, id: id, label: label)
    }
    let ordered = paths.compactMap { order[$0] }.sorted()
    return LabelBook(monitor, reader, merging: ordered.compactMap { books[$0.source] })
  }
}
