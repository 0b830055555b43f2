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
  private let references: ReferenceCache
  private let joins: JoinIndex

  init(context: WorkContext, artifacts: ArtifactStore) {
    self.context = context
    references = ReferenceCache(artifacts: artifacts)
    joins = JoinIndex(context.database)
  }

  func perform(_ work: Work) async throws {
    let monitor: MonitorState = try await context.state(work.stream)
    guard let specification = monitor.specification else { return }
    let model: ModelState = try await context.state("model/\(specification.model)")
    let task = PredictionTask(model.specification?.task ?? .classification)
    switch work.kind {
    case .measure: try await measure(work, try work.data.decode(WindowFound.self), monitor, specification, task)
    case .join:
      try await LabelJoin(context: context, joins: joins, references: references, work: work, state: monitor, monitor: specification, task: task).run()
    default: break
    }
  }

  private func measure(
    _ work: Work, _ found: WindowFound, _ state: MonitorState, _ monitor: MonitorSpecification, _ task: PredictionTask
  ) async throws {
    let window = WindowReference(id: found.window, startAt: found.startAt, endAt: found.endAt, source: found.source)
    let history = try await MonitorHistory(of: work.stream, .input, context.database)
    let reference = try await references.outcome(state, monitor, task, context.database)
    let rows = WindowRows(monitor, context.database)
    let (fact, keys, sketch) = try await onThread { () -> (Fact, RowKeys?, [UInt8]?) in
      do {
        // What a query gives, or was posted, is not changed under our hands.
        guard try QueriedWindow(found.source) != nil || PostedRows(found.source) != nil || checksum(ofData: found.source).sha256 == found.checksum else {
          throw MeasuringError("\(found.source): the file changed after it was found; write a new file and rename it into place")
        }
        let measuring = InputMeasuring(monitor: monitor, rows: rows, reference: try reference.get(), history: history)
        let (measurement, keys, sketch) = try measuring.measure(window)
        return (.measurementRecorded(measurement), keys, sketch)
      } catch {
        // Its quality may be measured all the same.
        let keys = try? monitor.columns.id.map { RowKeys(try rows.table(found.source, .init(raw: [$0])).strings($0).compactMap { $0 }) }
        return (.measurementFailed(MeasurementFailed(window: window, part: .input, reason: MeasuringError.reason(error))), keys, nil)
      }
    }
    let holder = JoinIndex.Holder(owner: window.id.description, about: try JSON(encoding: window))
    while true {
      let labels = try await early(keys, monitor)
      do {
        try await context.record(work, as: .measurer, completing: true) { session in
          if let keys, let labels {
            guard try await JoinIndex.lock(monitor.name, .labels, session.database) == labels.seen else { throw Outdated() }
            try await JoinIndex.add(keys, of: holder, monitor.name, .window, session.database)
          }
          var fact = fact
          if case .measurementRecorded(var measurement) = fact, let labels {
            measurement.labelled = labels.matched
            fact = .measurementRecorded(measurement)
          }
          if case .measurementRecorded(let measurement) = fact, let sketch, let sha256 = measurement.sketch {
            try await session.database.query("insert into kedge.sketch (sha256, content) values (\(sha256), \(sketch)) on conflict (sha256) do nothing")
          }
          try await session.recordMeasured([fact], on: work.stream, findings: [:])
        }
        return
      } catch is Outdated {
        // Labels came while this was measured: look again.
        continue
      }
    }
  }

  /// The labels that came before their window; nil where none are joined.
  private func early(_ keys: RowKeys?, _ monitor: MonitorSpecification) async throws -> JoinIndex.Found? {
    guard let keys, monitor.joinsLabels else { return nil }
    return try await joins.holders(of: keys, monitor.name, .labels)
  }
}

/// Somebody added rows that this decision does not know of.
struct Outdated: Error {}

extension DecisionSession {
  /// Takes in measurements. What ends before a window that was counted is late.
  /// - Parameter findings: the events by which windows were found that were measured because of something else, their labels.
  mutating func recordMeasured(_ facts: [Fact], on stream: String, findings: [WindowID: UUID]) async throws {
    let state = try await load(MonitorState.self, stream)
    // Windows are found all the time, which is no conflict: only one worker at a time measures this part of this monitor.
    expectAny(stream)
    // The monitor may have been removed while its window was measured.
    guard state.specification != nil else { return }
    record(
      try facts.map { fact in
        guard case .measurementRecorded(var measurement) = fact else { return fact }
        measurement.because = findings[measurement.window.id].map { [$0] }
        return try state.record(measurement)
      }, on: stream)
  }
}

/// Why a window could not be measured.
struct MeasuringError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }

  /// For the log: file, line, column and what was expected, never what a cell held.
  static func reason(_ error: any Error) -> String { (error as? TableError)?.withoutData ?? "\(error)" }
}
