internal import EventLog
internal import Foundation
internal import Lifecycle
internal import Logging
internal import PostgreSQL
internal import Profiles
internal import Projections
internal import Values

/// Looks for new windows and labels of one monitor, for as long as the lease is held.
struct Watch: Sendable {
  let context: WorkContext
  let work: Work
  let drain: Drain

  /// How often is looked whether something is due.
  private static let every = Duration.seconds(1)

  func run() async throws {
    let state = try await context.database.withTransaction { transaction in
      var session = DecisionSession(transaction)
      return try await session.load(MonitorState.self, work.stream)
    }
    guard let monitor = state.specification else { return await rest() }
    let finder = WindowFinder(monitor)
    var windows = Lookout(pattern: nil, every: monitor.window.every)
    switch monitor.window.source {
    case .files(let pattern): windows = Lookout(pattern: pattern, every: monitor.window.every)
    case .sql, .predictions: break
    case .measurements: return await rest()
    }
    var labels = Lookout(pattern: monitor.window.labels, every: monitor.window.every)
    var seen = try await known(monitor.name, among: await look(&windows) { try WindowFinder.windows(matching: $0, at: .now()) })
    windows.isDue = true
    var newest: [PostedRows.Kind: Int64] = [:]
    if monitor.window.source == .predictions {
      for kind in [PostedRows.Kind.prediction, .label] { newest[kind] = try await last(of: kind) }
    }
    while !drain.hasBegun {
      try Task.checkCancellation()
      for file in try await look(&windows, { try WindowFinder.windows(matching: $0, at: .now()) }) where !seen.contains(file) {
        if try await append(file.path, { .windowFound(try finder.window(at: file.path)) }) { seen.insert(file) }
      }
      switch monitor.window.source {
      case .sql: try await appendDue(finder)
      case .predictions: try await appendPosted(&newest, finder, monitor)
      case .files, .measurements: break
      }
      for file in try await look(&labels, WindowFinder.files(matching:)) where !seen.contains(file) {
        if try await append(file.path, { .labelsFound(try finder.labels(at: file.path)) }) { seen.insert(file) }
      }
      await drain.sleep(Watch.every)
    }
  }

  /// What matches a pattern now, if it may be looked at again. A server that does not answer is asked again later, and said once.
  private func look(_ lookout: inout Lookout, _ list: @escaping @Sendable (String) throws -> [WindowFinder.File]) async throws -> [WindowFinder.File] {
    guard let pattern = lookout.pattern, lookout.isDue else { return [] }
    lookout.isDue = false
    do {
      let found = try await onThread { try list(pattern) }
      lookout.complaint = nil
      return found
    } catch let error as TableError {
      if lookout.complaint != error { context.logger.warning("\(work.name): \(error)") }
      lookout.complaint = error
      return []
    }
  }

  /// Appends the windows of a query that are over.
  private func appendDue(_ finder: WindowFinder) async throws {
    // From the log itself: a read model may not have the newest yet.
    let last = try await context.database.query(
      """
      select max((data ->> 'end_at')::timestamptz) from kedge.event
      where stream = \(work.stream) and type = 'window_found' and data ->> 'source' like 'sql:%'
      """
    ).first?.decode(Timestamp?.self)
    for ends in finder.due(after: last ?? nil, at: .now()) { _ = try await append(ends.source) { .windowFound(try finder.window(ends)) } }
  }

  /// Appends, as one window, the predictions that have come since the last one was made of them; and so the labels.
  /// - Parameter newest: the numbers of the newest rows that were found.
  private func appendPosted(_ newest: inout [PostedRows.Kind: Int64], _ finder: WindowFinder, _ monitor: MonitorSpecification) async throws {
    let predictions = PostedFeed(model: monitor.model, kind: .prediction)
    if let new = try await predictions.next(after: newest[.prediction], pause: monitor.window.every.duration, context.database) {
      _ = try await append(new.rows.source) { .windowFound(finder.window(new.rows, from: new.startAt, to: new.endAt)) }
      newest[.prediction] = new.rows.last
      for kind in [PostedRows.Kind.prediction, .label] { try await PostedFeed(model: monitor.model, kind: kind).forget(context.database) }
    }
    guard monitor.joinsLabels else { return }
    // A label is worth more the sooner it is known, yet each batch of labels reads the windows that it is about.
    let pause = min(monitor.window.every.duration, .seconds(60))
    if let new = try await PostedFeed(model: monitor.model, kind: .label).next(after: newest[.label], pause: pause, context.database) {
      _ = try await append(new.rows.source) { .labelsFound(finder.labels(new.rows)) }
      newest[.label] = new.rows.last
    }
  }

  /// The number of the newest row that was found.
  private func last(of kind: PostedRows.Kind) async throws -> Int64? {
    try await context.database.query(
      """
      select max(split_part(data ->> 'source', '-', 2)::bigint) from kedge.event
      where stream = \(work.stream) and type = any(array['window_found', 'labels_found']) and data ->> 'source' like \("\(kind.rawValue)s:%")
      """
    ).first?.decode(Int64?.self) ?? nil
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

  /// Those of files that were found before and have not changed since: they need not be read again after another scheduler took over.
  private func known(_ monitor: String, among files: [WindowFinder.File]) async throws -> Set<WindowFinder.File> {
    let rows = try await context.database.query(
      "select source, size, found_at from kedge.monitor_window where monitor = \(monitor)", as: String.self, Int.self, Timestamp.self)
    let found = Dictionary(rows.map { ($0.0, (size: $0.1, at: $0.2)) }) { $1 }
    return Set(files.filter { file in found[file.path].map { $0.size == file.size && file.modified / 1000 <= $0.at.microseconds } ?? false })
  }
}

/// A pattern that is looked at now and then.
private struct Lookout {
  /// Nil: there is nothing to look at.
  let pattern: String?
  private let pause: Duration
  private var last: ContinuousClock.Instant?
  /// What was said last about a server that does not answer.
  var complaint: TableError?

  init(pattern: String?, every: Span) {
    self.pattern = pattern
    pause = pattern.map { WindowFinder.pause($0, every: every) } ?? .zero
  }

  /// Whether enough time has passed since it was set to false.
  var isDue: Bool {
    get { last.map { ContinuousClock.now - $0 >= pause } ?? true }
    set { last = newValue ? nil : .now }
  }
}
