import Foundation
import Lifecycle
import Projections
import Testing
import Values

/// What single facts make of the read models, without a database.
@Suite struct ReadModelTests {
  @Test func `every fact is read by at least one projection without complaint`() throws {
    // Facts without a row of their own: they are only part of the story.
    let silent: Set<String> = ["run_step_finished"]
    var seen: Set<String> = []
    for type in allProjections {
      for (fact, stream) in Samples.facts where type.categories.contains(String(stream.prefix { $0 != "/" })) {
        var projection = type.init()
        for record in Samples.history(of: stream, before: fact) { _ = try projection.changes(for: record) }
        if try !projection.changes(for: Samples.record(fact, stream)).isEmpty { seen.insert(fact.type) }
      }
    }
    let expected = Set(Samples.facts.map(\.0.type)).subtracting(silent)
    #expect(expected.subtracting(seen).isEmpty, "no row for \(expected.subtracting(seen).sorted())")
  }

  @Test func `work that is asked for is gone once its outcome is in the log`() throws {
    let window = WindowFound(
      window: WindowID(UUID()), source: "/data/a.csv", size: 1, checksum: "c", startAt: .init(seconds: 1), endAt: .init(seconds: 2))
    var work = WorkProjection()
    let found = Samples.record(.windowFound(window), "monitor/m")
    let asked = try work.changes(for: found)
    guard case .put("work", _, let row) = asked.last else {
      Issue.record("no work: \(asked)")
      return
    }
    #expect(row["id"]?.string == WorkProjection.id(cause: found.id, kind: .measure).lowercased)
    #expect(row["exclusive"] == "monitor/m/input")
    let failed = MeasurementFailed(
      window: WindowReference(id: window.window, startAt: window.startAt, endAt: window.endAt, source: window.source), part: .input, reason: "empty")
    let ended = try work.changes(for: Samples.record(.measurementFailed(failed), "monitor/m"))
    #expect(ended == [.delete("work", where: ["kind": "measure", "subject": row["subject"]!])])
  }
}

/// A sample of facts, each on a stream of its category.
enum Samples {
  static let version = VersionName(model: "m", number: 1)
  static let window = WindowReference(id: WindowID(UUID()), startAt: .init(seconds: 1), endAt: .init(seconds: 2), source: "/data/a.csv")
  static let pipeline = PipelineSpecification(
    name: "p", model: "m", train: TrainSpecification(trainer: .command(["true"], directory: "/")),
    evaluate: EvaluateSpecification(command: ["true"], gate: [GateRule(metric: "accuracy", .absolute(.above(0.9)))]))
  static let endpoint = EndpointSpecification(name: "e", model: "m", target: .local(directory: "/live", health: nil))
  static let subject = AlertSubject(rule: "r", monitor: "m", severity: "warning", notify: [])
  static let run = RunID(UUID())
  static let deployment = DeploymentID(UUID())
  static let alert = AlertID(UUID())

  static let facts: [(Fact, String)] = [
    (.modelRegistered(ModelSpecification(name: "m", task: .classification)), "model/m"),
    (.versionRegistered(VersionRegistered(version: version, artifact: Artifact(sha256: "s", size: 1, name: "a"), run: run)), "model/m"),
    (.versionTagged(VersionTagged(version: version, tags: ["a": "b"])), "model/m"),
    (.aliasMoved(AliasMoved(alias: "champion", version: version, previous: nil)), "model/m"),
    (.versionArchived(VersionArchived(version: version, reason: nil)), "model/m"),
    (.baselinePinned(BaselinePinned(path: "/r.csv", sha256: "s", rows: 3)), "monitor/m"),
    (.labelsFound(LabelsFound(source: "/l.csv", size: 1, checksum: "c")), "monitor/m"),
    (.labelsJoined(LabelsJoined(source: "/l.csv", checksum: "c", windows: [])), "monitor/m"),
    (
      .measurementRecorded(
        MeasurementRecorded(window: window, part: .input, rows: 3, drift: nil, columns: [], metrics: [:], late: false, inconclusive: false)), "monitor/m"
    ),
    (.alertPending(AlertPending(subject: subject, value: 1, condition: "x", count: 1, needed: 2, sinceAt: .init(seconds: 1))), "alert/\(alert)"),
    (.alertRaised(AlertRaised(subject: subject, value: 1, condition: "x", sinceAt: .init(seconds: 1))), "alert/\(alert)"),
    (.alertAcknowledged(AlertHandled(reason: nil)), "alert/\(alert)"),
    (.alertResolved(AlertResolved(reason: "good")), "alert/\(alert)"),
    (.runRequested(RunRequested(model: "m", pipeline: "p", reason: .person(nil), specification: pipeline)), run.stream),
    (.runStarted(RunStarted(step: .train, attempt: 1, worker: "w")), run.stream),
    (.runFailed(RunFailed(step: .train, attempt: 1, reason: "x", retryAt: .init(seconds: 9))), run.stream),
    (.runStepFinished(RunStepFinished(step: .train, attempt: 1, version: version)), run.stream),
    (.runSucceeded(RunSucceeded(version: version)), run.stream),
    (.endpointDefined(endpoint), "endpoint/e"),
    (.endpointFrozen(Remark(reason: "x")), "endpoint/e"),
    (.poolDefined(PoolSpecification(name: "default", slots: 2)), "pool/default"),
    (.scheduleDefined(ScheduleDefined(pipeline: "p", cron: "0 2 * * *", timeZone: "UTC", nextAt: .init(seconds: 9))), "schedule/p"),
    (.scheduleDue(ScheduleDue(pipeline: "p", dueAt: .init(seconds: 9), nextAt: nil)), "schedule/p"),
  ]

  static func record(_ fact: Fact, _ stream: String, version: Int64 = 1) -> FactRecord {
    FactRecord(
      fact, id: UUID(), stream: stream, version: version, position: version, actor: "olga", principal: "kedge_owner", at: .init(seconds: 100),
      correlation: nil)
  }

  /// What must have happened before on the stream for the fact to mean anything: all samples of the stream before it.
  static func history(of stream: String, before fact: Fact) -> [FactRecord] {
    facts.prefix { $0.0 != fact }.filter { $0.1 == stream }.map { record($0.0, $0.1) }
  }
}
