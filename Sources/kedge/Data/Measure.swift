internal import ArgumentParser
internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values
internal import Workers

struct Measure: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Measures a file, or a stretch of time of a query, as a window of a monitor, now.",
    discussion: guide(
      """
      The file must be where measurers can read it; it may be an s3:// or https:// URL. The same file with the same content is one window, however often it is named.
      --import takes over what somebody else measured: a report that Evidently 0.7 wrote as JSON, or a profile of whylogs 1, which is compared with the
      monitor's reference; --window then says what time it is about, else the profile does, or the time at which the file was written.
      """,
      example: """
        kedge measure breast-cancer-live --from today.csv --wait=5m
        kedge measure breast-cancer-live --import report.json --window 2026-11-01/2026-11-02
        """, .notFound, .conflict, .timedOut))

  @Argument(help: "Name of the monitor.") var monitor: String
  @Option(help: ArgumentHelp("The file.", valueName: "file"), completion: .file()) var from: String?
  @Option(help: ArgumentHelp("A stretch of time, for windows from a database.", valueName: "t0/t1")) var window: String?
  @Option(
    name: .customLong("import"), help: ArgumentHelp("A report of Evidently (.json) or a profile of whylogs.", valueName: "file"), completion: .file())
  var imported: String?
  @OptionGroup var writing: WritingOptions
  @OptionGroup var waiting: WaitingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if imported != nil, from != nil || waiting.wait != nil {
      throw ValidationError("--import: it is measured already; leave --from and --wait out")
    }
    if imported == nil, (from == nil) == (window == nil) {
      throw ValidationError("no window: name a file with --from, or a stretch of time with --window, and not both")
    }
    if let window { _ = try SourceOptions.window(window, "--window") }
  }

  func run() async throws {
    if let imported { return try await take(URL(fileURLWithPath: imported).standardizedFileURL.path) }
    let path = DataPath.absolute(from ?? "")
    guard from == nil || DataPath.isReadable(path) else {
      throw Complaint(.badUsage, "\(path): the file cannot be read; name one that is there and that you may read")
    }
    try await common.withDatabase { client in
      let stream = "monitor/\(monitor)"
      let (made, events) = try await client.withTransaction { transaction in
        var session = DecisionSession(transaction)
        guard let specification = try await session.load(MonitorState.self, stream).specification else {
          throw Refusal.unknown("there is no monitor \(monitor)")
        }
        let fact = try self.found(specification, path)
        let found = Fact.windowFound(fact)
        if writing.dryRun { return (fact, [Changed.Event(id: nil, stream: stream, version: nil, fact: found)]) }
        let event = NewEvent(
          id: nil, type: found.type, schema: found.schema, data: try found.data(), occurredAt: nil,
          idempotencyKey: WindowFinder.key(source: fact.source, checksum: fact.checksum))
        let attribution = Attribution(actor: writing.name)
        let expected: ExpectedVersion = writing.expectedVersion.map { $0 == 0 ? .none : .exactly($0) } ?? .any
        let appended = try await EventStore(transaction).append(
          [Append(stream: StreamName(stream), expected: expected, events: [event])],
          by: attribution)
        try await Note(writing: writing).append(on: stream, because: appended, saying: [found], by: attribution, transaction)
        return (fact, appended.map { Changed.Event(id: $0.id, stream: stream, version: $0.version, fact: found) })
      }
      let change = Change(common: common, writing: writing)
      try change.report(Changed(id: made.window.description, events: events), "window \(made.window) of \(monitor) is to be measured")
      guard waiting.wait != nil, !writing.dryRun else { return }
      let failure = try await waiting.until("measuring \(window ?? path)", in: client) { try await outcome(of: made.window, client) }
      if let reason = failure.reason { throw Complaint(.failed, "window \(made.window) could not be measured: \(reason)") }
      common.say("window \(made.window) is measured; `kedge get measurements \(monitor) --limit 1` shows it")
    }
  }

  /// Records what somebody else measured.
  private func take(_ path: String) async throws {
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw Complaint(.badUsage, "\(path): the file cannot be read; name one that is there and that you may read")
    }
    let span = try window.map { try SourceOptions.window($0, "--window") }
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let stream = "monitor/\(monitor)"
      var window = ""
      let changed = try await change.make(client, types: ["measurement_recorded"]) { _ in
        Target(stream: stream, id: monitor)
      } decide: { session, target, transaction in
        let state = try await session.load(MonitorState.self, target.stream)
        guard let specification = state.specification else { throw Refusal.unknown("there is no monitor \(monitor)") }
        let model = try await session.load(ModelState.self, "model/\(specification.model)").specification
        let found = try await ImportedMeasurement(
          path, for: state, monitor: specification, task: model?.task ?? .classification, span: span, transaction)
        window = found.window.id.description
        // The same file with the same content is one measurement.
        let isKnown = try await !transaction.query(
          "select 1 from kedge.event where stream = \(stream) and type = 'measurement_recorded' and data -> 'window' ->> 'id' = \(window)"
        ).isEmpty
        if !isKnown { session.record([found.fact(after: state)], on: stream) }
      }
      try change.report(changed, "window \(window) of \(monitor) is taken over from \(path)")
    }
  }

  private func found(_ monitor: MonitorSpecification, _ path: String) throws -> WindowFound {
    guard let window else { return try WindowFinder(monitor).window(at: path) }
    guard case .sql = monitor.window.source else {
      throw Complaint(.badUsage, "--window: the windows of \(monitor.name) are files; name one with --from")
    }
    let ends = try SourceOptions.window(window, "--window")
    return try WindowFinder(monitor).window(QueriedWindow(from: ends.from, to: ends.to))
  }

  private struct Outcome { let reason: String? }

  private func outcome(of window: WindowID, _ client: PostgresClient) async throws -> Outcome? {
    let row = try await client.query(
      """
      select type::text, data ->> 'reason' from kedge.event
      where stream = \("monitor/\(monitor)") and type in ('measurement_recorded', 'measurement_failed')
        and data -> 'window' ->> 'id' = \(window.description) and data ->> 'part' = 'input'
      order by version desc limit 1
      """
    ).first
    return try row.map {
      let (type, reason) = try $0.decode(String.self, String?.self)
      return Outcome(reason: type == "measurement_failed" ? reason ?? "no reason was given" : nil)
    }
  }
}
