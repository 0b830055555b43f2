internal import EventLog
internal import Foundation
internal import Lifecycle
internal import Logging
internal import PostgreSQL
internal import Projections
internal import Values

/// Watches the sources of monitors, fires schedules, and says when a time has come.
struct SchedulerHandler: WorkHandler {
  let context: WorkContext
  let drain: Drain

  func perform(_ work: Work) async throws {
    switch work.kind {
    case .watch where work.subject == WorkProjection.health: try await HealthWatch(context: context, work: work, drain: drain).run()
    case .watch: try await Watch(context: context, work: work, drain: drain).run()
    case .schedule:
      try await context.record(work, as: .scheduler, completing: true) { session in
        let state = try await session.load(ScheduleState.self, work.stream)
        if let due = try state.fire(at: .now()) { session.record([.scheduleDue(due)], on: work.stream) }
      }
    case .deadline:
      guard let name = work.data["name"]?.string, let due = work.data["due_at"]?.string.flatMap({ Timestamp($0) }),
        let cause = work.data["cause"]?.string.flatMap({ UUID(uuidString: $0) })
      else { return }
      try await context.record(work, as: .scheduler, completing: true) { session in
        session.record([.deadlinePassed(DeadlinePassed(name: name, dueAt: due, cause: cause))], on: work.stream)
      }
    default: break
    }
  }
}

/// Looks for new files of one monitor, for as long as the lease is held.
struct Watch: Sendable {
  let context: WorkContext
  let work: Work
  let drain: Drain

  /// How often the source is listed.
  private static let every = Duration.seconds(1)

  func run() async throws {
    let state = try await context.database.withTransaction { transaction in
      var session = DecisionSession(transaction)
      return try await session.load(MonitorState.self, work.stream)
    }
    guard let monitor = state.specification else { return await rest() }
    let finder = WindowFinder(monitor)
    let pattern: String?
    switch monitor.window.source {
    case .files(let files): pattern = files
    case .sql: pattern = nil
    case .predictions, .measurements: return await rest()
    }
    var seen = try await known(monitor.name)
    while !drain.hasBegun {
      try Task.checkCancellation()
      let (windows, labels) = try await onThread {
        (pattern.map { WindowFinder.windows(matching: $0, at: .now()) } ?? [], monitor.window.labels.map(WindowFinder.files(matching:)) ?? [])
      }
      if pattern == nil { try await appendDue(finder, monitor.name) }
      for file in windows where !seen.contains(file) {
        if try await append(file.path, { .windowFound(try finder.window(at: file.path)) }) { seen.insert(file) }
      }
      for file in labels where !seen.contains(file) {
        if try await append(file.path, { .labelsFound(try finder.labels(at: file.path)) }) { seen.insert(file) }
      }
      await drain.sleep(Watch.every)
    }
  }

  /// Appends the windows of a query that are over.
  private func appendDue(_ finder: WindowFinder, _ monitor: String) async throws {
    // From the log itself: a read model may not have the newest yet.
    let last = try await context.database.query(
      """
      select max((data ->> 'end_at')::timestamptz) from kedge.event
      where stream = \(work.stream) and type = 'window_found' and data ->> 'source' like 'sql:%'
      """
    ).first?.decode(Timestamp?.self)
    for ends in finder.due(after: last ?? nil, at: .now()) { _ = try await append(ends.source) { .windowFound(try finder.window(ends)) } }
  }

  /// Nothing to look for; holds the lease all the same, so that nobody else comes asking.
  private func rest() async { while !drain.hasBegun, !Task.isCancelled { await drain.sleep(Watch.every) } }

  /// Appends what was found, once for this source and content.
  /// - Returns: whether the file is done with; one that went away or changed under our hands is looked at again.
  private func append(_ source: String, _ find: @escaping @Sendable () throws -> Fact) async throws -> Bool {
    let fact: Fact
    do {
      fact = try await onThread(find)
    } catch {
      context.logger.warning("\(work.name): \(error)")
      return false
    }
    let checksum =
      switch fact {
      case .windowFound(let fact): fact.checksum
      case .labelsFound(let fact): fact.checksum
      default: ""
      }
    let attribution = Attribution(actor: "kedge/scheduler", principal: nil, correlation: UUID(), causation: nil)
    let isNew = try await context.database.withTransaction { transaction in
      let event = NewEvent(
        type: fact.type, schema: fact.schema, data: try fact.data(), idempotencyKey: WindowFinder.key(source: source, checksum: checksum))
      let appended = try await EventStore(transaction).append(
        [Append(stream: StreamName(work.stream), expected: .any, events: [event])], by: attribution, lease: work.lease)
      // Found before, by another scheduler: then the story has begun already.
      return try await !transaction.query("select 1 from kedge.event where id = any(\(appended.map(\.id))) and correlation_id = \(attribution.correlation)")
        .isEmpty
    }
    if isNew { context.logger.events([(work.stream, fact)], by: attribution) }
    return true
  }

  /// Files that were found before and have not changed since: they need not be read again after another scheduler took over.
  private func known(_ monitor: String) async throws -> Set<WindowFinder.File> {
    let rows = try await context.database.query(
      """
      select source, size, found_at from kedge.monitor_window where monitor = \(monitor)
      """)
    var sizes: [String: (Int, Timestamp)] = [:]
    for row in rows {
      let (source, size, found) = try row.decode(String.self, Int.self, Timestamp.self)
      sizes[source] = (size, found)
    }
    let found = sizes
    return try await onThread {
      Set(
        found.compactMap { source, known in
          WindowFinder.windows(matching: source, at: .now()).first { $0.size == known.0 && $0.modified / 1000 <= known.1.microseconds }
        })
    }
  }
}
