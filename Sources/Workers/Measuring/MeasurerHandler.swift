internal import Foundation
internal import Lifecycle
internal import Logging
internal import PostgreSQL
internal import Profiles
internal import Projections
internal import Values

/// Measures windows: their inputs when they come, their quality when labels do.
struct MeasurerHandler: WorkHandler {
  let context: WorkContext
  private let references = ReferenceCache()

  init(context: WorkContext) { self.context = context }

  func perform(_ work: Work) async throws {
    let monitor: MonitorState = try await context.state(work.stream)
    guard let specification = monitor.specification else { return }
    let model: ModelState = try await context.state("model/\(specification.model)")
    let task = model.specification?.task ?? .classification
    switch work.kind {
    case .measure: try await measure(work, try work.data.decode(WindowFound.self), monitor, specification, task)
    case .join: try await join(work, specification, task)
    default: break
    }
  }

  // MARK: inputs

  private func measure(
    _ work: Work, _ found: WindowFound, _ monitor: MonitorState, _ specification: MonitorSpecification, _ task: ModelSpecification.Task
  ) async throws {
    let window = WindowReference(id: found.window, startAt: found.startAt, endAt: found.endAt, source: found.source)
    let references = references
    let early = Set(
      try await context.database.query("select source from kedge.label_file where monitor = \(specification.name) and unmatched > 0")
        .map { try $0.decode(String.self) })
    let fact = try await onThread { () -> Fact in
      do {
        guard try QueriedWindow(found.source) != nil || checksum(ofData: found.source).sha256 == found.checksum else {
          throw MeasuringError("\(found.source): the file changed after it was found; write a new file and rename it into place")
        }
        let measuring = InputMeasuring(
          monitor: specification, task: task, reference: try references.table(monitor, specification),
          early: try LabelBook(specification, only: early))
        return .measurementRecorded(try measuring.measure(window))
      } catch {
        return .measurementFailed(MeasurementFailed(window: window, part: .input, reason: MeasuringError.reason(error)))
      }
    }
    try await record(work, [fact])
  }

  // MARK: quality

  private func join(_ work: Work, _ specification: MonitorSpecification, _ task: ModelSpecification.Task) async throws {
    if let json = work.data["window"], json.object != nil {
      // Labels that were there before their window.
      let window = try json.decode(WindowReference.self)
      let facts = try await onThread { [try quality(of: window, try LabelBook(specification), specification, task)].compactMap { $0 } }
      return try await record(work, facts)
    }
    let found = try work.data.decode(LabelsFound.self)
    let windows = try await windows(of: work.stream)
    let facts = try await onThread { () -> [Fact] in
      do {
        guard let id = specification.columns.id, let label = specification.columns.label else {
          throw MeasuringError("\(specification.name): labels need columns.id and columns.label in the monitor")
        }
        let ids = Set(try LabelBook.read(found.source, id: id, label: label).keys)
        var unmatched = ids
        let book = try LabelBook(specification)
        var facts: [Fact] = []
        var touched: [WindowID] = []
        for window in windows {
          guard
            let present = try? WindowRows(specification).table(window.source, .init(raw: [id])).strings(id),
            present.contains(where: { $0.map(ids.contains) ?? false }), let fact = try quality(of: window, book, specification, task)
          else { continue }
          touched.append(window.id)
          unmatched.subtract(present.compactMap { $0 })
          facts.append(fact)
        }
        return facts + [.labelsJoined(LabelsJoined(source: found.source, checksum: found.checksum, windows: touched, unmatched: unmatched.count))]
      } catch {
        return [.labelsJoined(LabelsJoined(source: found.source, checksum: found.checksum, windows: [], failure: MeasuringError.reason(error)))]
      }
    }
    try await record(work, facts)
  }

  private func quality(
    of window: WindowReference, _ book: LabelBook, _ specification: MonitorSpecification, _ task: ModelSpecification.Task
  ) throws -> Fact? {
    do {
      return .measurementRecorded(try QualityMeasuring(monitor: specification, task: task, labels: book).measure(window))
    } catch {
      return .measurementFailed(MeasurementFailed(window: window, part: .quality, reason: MeasuringError.reason(error)))
    }
  }

  /// How many windows back a file of labels is joined.
  private static let windowsBack = 1000

  /// The newest windows of a monitor, from the log itself, in order of their end: a read model may not have the newest yet.
  private func windows(of stream: String) async throws -> [WindowReference] {
    try await context.database.query(
      """
      select data from kedge.event where stream = \(stream) and type = 'window_found' order by version desc limit \(MeasurerHandler.windowsBack)
      """
    ).map { row in
      let found = try row.decode(JSON.self).decode(WindowFound.self)
      return WindowReference(id: found.window, startAt: found.startAt, endAt: found.endAt, source: found.source)
    }.sorted { ($0.endAt, $0.source) < ($1.endAt, $1.source) }
  }

  /// Appends the outcome. What ends before a window that was counted is late.
  private func record(_ work: Work, _ facts: [Fact]) async throws {
    let findings = try await findings(of: facts, work.stream)
    try await context.record(work, as: .measurer, completing: true) { session in
      let state = try await session.load(MonitorState.self, work.stream)
      // Windows are found all the time, which is no conflict: only one worker at a time measures this part of this monitor.
      session.expectAny(work.stream)
      // The monitor may have been removed while its window was measured.
      guard state.specification != nil else { return }
      session.record(
        try facts.map { fact in
          guard case .measurementRecorded(var measurement) = fact else { return fact }
          measurement.because = findings[measurement.window.id].map { [$0] }
          return try state.record(measurement)
        }, on: work.stream)
    }
  }
}

extension MeasurerHandler {
  /// The events by which the windows were found that were measured because of something else, their labels.
  private func findings(of facts: [Fact], _ stream: String) async throws -> [WindowID: UUID] {
    let windows = facts.compactMap { fact -> String? in
      guard case .measurementRecorded(let measurement) = fact, measurement.part == .quality else { return nil }
      return measurement.window.id.description
    }
    guard !windows.isEmpty else { return [:] }
    let rows = try await context.database.query(
      """
      select id, (data ->> 'window')::uuid from kedge.event
      where stream = \(stream) and type = 'window_found' and data ->> 'window' = any(\(windows)) order by version
      """, as: UUID.self, UUID.self)
    return Dictionary(rows.map { (WindowID($0.1), $0.0) }) { $1 }
  }
}

/// Why a window could not be measured.
struct MeasuringError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }

  /// For the log: file, line, column and what was expected, never what a cell held.
  static func reason(_ error: any Error) -> String { (error as? TableError)?.withoutData ?? "\(error)" }
}
