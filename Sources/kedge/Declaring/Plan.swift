internal import Declarations
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values
internal import Workers

/// What applying files would append.
struct Plan {
  /// One declared thing.
  struct Item {
    let declaration: Declaration
    let changes: [DeclarationChange]
    let isNew: Bool
    /// On its own stream.
    var facts: [Fact]
  }

  let items: [Item]
  /// Schedules, each on its own stream.
  let schedules: [(stream: String, facts: [Fact])]

  /// References that are to be pinned; their profiles lie beside the log.
  private let baselines: [BaselineReading]

  /// Whether nothing is to be done.
  var isEmpty: Bool { items.allSatisfy(\.facts.isEmpty) && schedules.isEmpty }

  /// Compares declarations with what the streams say, and reads baseline files.
  /// - Parameter now: from when on schedules fall due.
  init(_ declarations: [Located<Declaration>], _ session: inout DecisionSession, _ database: any Queryable, now: Timestamp) async throws {
    let specifications = Specifications(database: database)
    var items: [Item] = []
    var schedules: [(stream: String, facts: [Fact])] = []
    var baselines: [BaselineReading] = []
    for declaration in declarations.map(\.value) {
      // So that the append is refused when somebody else applies at the same moment.
      try await session.note(declaration)
      let current = try await specifications.declared(declaration.key)
      let changes = current == declaration ? [] : try Declaration.diff(current, declaration)
      var item = Item(declaration: declaration, changes: changes, isNew: current == nil, facts: current == declaration ? [] : [declaration.fact])
      switch declaration {
      case .monitor(let monitor):
        if case .file(let path)? = monitor.baseline {
          if let found = try await Plan.baseline(path, of: monitor, declarations, &session) {
            item.facts.append(.baselinePinned(found.fact))
            baselines.append(found)
          }
        }
      case .pipeline(let pipeline): schedules += try await Plan.schedules(of: pipeline, &session, database, now)
      default: break
      }
      items.append(item)
    }
    self.items = items
    self.schedules = schedules
    self.baselines = baselines
  }

  /// What the file of a monitor's reference is now; nil when it was pinned as it is, for the same columns.
  private static func baseline(
    _ path: String, of monitor: MonitorSpecification, _ declarations: [Located<Declaration>], _ session: inout DecisionSession
  ) async throws -> BaselineReading? {
    let state = try await session.load(MonitorState.self, "monitor/\(monitor.name)")
    let file = BaselineFile(path)
    var task = try await session.load(ModelState.self, "model/\(monitor.model)").specification?.task ?? .classification
    let isNewTask = declarations.contains { declaration in
      guard case .model(let model) = declaration.value, model.name == monitor.model, model.task != task else { return false }
      task = model.task
      return true
    }
    if let pinned = state.baseline, pinned.path == file.path, pinned.profile != nil, state.specification?.columns == monitor.columns, !isNewTask,
      (try? BaselineReading.contentChecksum(of: file.path)) == pinned.sha256
    {
      return nil
    }
    let found = try file.read(for: monitor, task: task)
    return found.fact == state.baseline ? nil : found
  }

  /// Stores what lies beside the log.
  func storeProfiles(_ database: any Queryable) async throws { for baseline in baselines { try await baseline.store(database) } }

  /// Takes all of it into a session.
  func record(in session: inout DecisionSession) {
    for item in items { session.record(item.facts, on: item.declaration.streamName) }
    for (stream, facts) in schedules { session.record(facts, on: stream) }
  }

  /// The first schedule of a pipeline has its name, the further ones `NAME.2`, `NAME.3` …
  static func scheduleName(_ pipeline: String, _ index: Int) -> String { index == 0 ? pipeline : "\(pipeline).\(index + 1)" }

  private static func schedules(
    of pipeline: PipelineSpecification, _ session: inout DecisionSession, _ database: any Queryable, _ now: Timestamp
  ) async throws -> [(stream: String, facts: [Fact])] {
    var found: [(stream: String, facts: [Fact])] = []
    var wanted: Set<String> = []
    for trigger in pipeline.trigger {
      guard case .schedule(let cron, let zone) = trigger else { continue }
      let stream = "schedule/\(scheduleName(pipeline.name, wanted.count))"
      wanted.insert(stream)
      let current = try await session.load(ScheduleState.self, stream).definition
      if current?.pipeline == pipeline.name, current?.cron == cron, current?.timeZone == zone { continue }
      let next: Timestamp?
      do { next = try CronSchedule(cron: cron, timeZone: zone).next(after: now) } catch {
        throw Refusal.invalid("pipeline \(pipeline.name): schedule: \(error)")
      }
      found.append((stream, [.scheduleDefined(ScheduleDefined(pipeline: pipeline.name, cron: cron, timeZone: zone, nextAt: next))]))
    }
    return found + (try await removals(of: pipeline.name, keeping: wanted, &session, database))
  }

  /// Facts that take away the schedules of a pipeline, but for some.
  static func removals(
    of pipeline: String, keeping wanted: Set<String>, _ session: inout DecisionSession, _ database: any Queryable
  ) async throws -> [(stream: String, facts: [Fact])] {
    let names = try await database.query(
      "select name::text from kedge.stream where (name = \("schedule/\(pipeline)") or name like \("schedule/\(pipeline).%")) and version > 0"
    ).map { try $0.decode(String.self, at: 0) }
    var found: [(stream: String, facts: [Fact])] = []
    for name in names where !wanted.contains(name) {
      guard try await session.load(ScheduleState.self, name).definition?.pipeline == pipeline else { continue }
      found.append((name, [.scheduleRemoved(Remark(reason: "no longer declared"))]))
    }
    return found
  }
}

extension DecisionSession {
  /// Reads the stream of a declaration, so that its version is expected.
  fileprivate mutating func note(_ declaration: Declaration) async throws {
    switch declaration.kind {
    case .model: _ = try await load(ModelState.self, declaration.streamName)
    case .monitor: _ = try await load(MonitorState.self, declaration.streamName)
    case .endpoint: _ = try await load(EndpointState.self, declaration.streamName)
    case .pool, .rule, .pipeline, .channel: _ = try await load(Declared.self, declaration.streamName)
    }
  }
}

/// A stream that holds definitions only.
private struct Declared: StreamState {
  mutating func evolve(_ record: FactRecord) {}
}
