import Foundation
import Lifecycle
import PostgreSQL
import Projections
import TestSupport
import Testing
import Values

/// The read models of an earlier time.
@Suite struct PastTests {
  static let kinds = [
    "models", "versions", "monitors", "measurements", "rules", "alerts", "silences", "pipelines", "runs", "evaluations", "deployments", "approvals",
    "analyses", "endpoints", "schedules", "channels", "messages", "pools", "work",
  ]

  /// What a kind looked like, without who had claimed work: that lies beside the log.
  static func look(_ world: World, _ kind: String, asOf: String? = nil) async throws -> String {
    let answer = try await world.program.run(["get", kind, "-o", "json"] + (asOf.map { ["--as-of", $0] } ?? []))
    #expect(answer.status == 0, "\(kind): \(answer.talk)")
    guard kind == "work" else { return answer.output }
    return try answer.json.items.map { item in
      var item = item
      item["token"] = nil
      return "\(item)"
    }.joined(separator: "\n")
  }

  /// Something of every kind, one step after the other.
  static func story(_ world: World) -> [() async throws -> Void] {
    let window = WindowFound(
      window: WindowID(UUID()), source: "/data/a.csv", size: 1, checksum: "c", startAt: .init(seconds: 1_800_000_000), endAt: .init(seconds: 1_800_003_600))
    let alert = AlertID(UUID())
    return [
      {
        try await world.append([.channelDefined(ChannelSpecification(name: "ops", kind: .http(url: "http://127.0.0.1:9", secret: nil)))], "channel/ops")
        try await world.append([.poolDefined(PoolSpecification(name: "default", slots: 2))], "pool/default")
        try await world.append(
          [.scheduleDefined(ScheduleDefined(pipeline: "p", cron: "0 2 * * *", timeZone: "UTC", nextAt: .init(seconds: 4_000_000_000)))], "schedule/p")
        try await world.append([.windowFound(window)], "monitor/\(World.monitor)")
      },
      {
        let reference = WindowReference(id: window.window, startAt: window.startAt, endAt: window.endAt, source: window.source)
        try await world.append(
          [
            .measurementRecorded(
              MeasurementRecorded(
                window: reference, part: .input, rows: 9, drift: DriftVerdict(detected: true, share: 0.5, driftedColumns: ["x"]), columns: [],
                metrics: ["mean_confidence": 0.25], late: false, inconclusive: false))
          ], "monitor/\(World.monitor)")
        let subject = AlertSubject(rule: "inputs-drifted", monitor: World.monitor, model: World.model, severity: "warning", notify: ["ops"])
        try await world.append(
          [.alertRaised(AlertRaised(subject: subject, value: 0.5, condition: "drift.share at least 0.2", sinceAt: window.endAt))], alert.stream)
        try await world.append(
          [
            .messageRequested(
              MessageRequested(
                message: UUID(), alert: alert, state: "firing", severity: "warning", title: "t", text: "x", fields: [], command: "kedge ack"))
          ], "channel/ops")
      },
      { try await world.version(1) }, { _ = try await world.propose(1) }, { try await world.serve(1) },
      {
        try await world.append([.alertAcknowledged(AlertHandled(reason: nil))], alert.stream, by: "bob")
        let (run, evaluated) = try await world.version(2)
        let id = try await world.propose(2, run: run, because: evaluated)
        try await world.append([.deploymentApproved(DeploymentApproved(reason: "better", seenPosition: 3, identity: .asserted))], id.stream, by: "bob")
      },
      {
        try await world.append([.alertResolved(AlertResolved(reason: "quiet"))], alert.stream)
        try await world.append([.ruleRemoved(Remark(reason: nil))], "rule/inputs-drifted")
        try await world.serve(2)
        try await world.append(
          [.aliasMoved(AliasMoved(alias: "champion", version: VersionName(model: World.model, number: 2), previous: nil))], "model/\(World.model)")
      },
    ]
  }

  @Test func `every kind is shown as it stood, by position and by time`() async throws {
    try await World.with { world in
      var looks: [(position: Int64, at: Timestamp, shown: [String: String])] = []
      for step in PastTests.story(world) {
        try await step()
        try await world.project()
        var shown: [String: String] = [:]
        for kind in PastTests.kinds { shown[kind] = try await PastTests.look(world, kind) }
        let (position, at) = try #require(
          try await world.database.client.query("select position, sealed_at from audit.event order by position desc limit 1", as: Int64.self, Timestamp.self)
            .first)
        looks.append((position, at, shown))
      }
      #expect(Set(looks.map(\.position)).count == looks.count)
      for look in looks {
        for kind in PastTests.kinds {
          #expect(try await PastTests.look(world, kind, asOf: "\(look.position)") == look.shown[kind], "\(kind) at \(look.position)")
        }
        for kind in ["models", "alerts", "deployments"] {
          #expect(try await PastTests.look(world, kind, asOf: "\(look.at)") == look.shown[kind], "\(kind) at \(look.at)")
        }
      }
      // Everything that is shown has changed at some time, so that nothing was compared with itself.
      for kind in PastTests.kinds where kind != "silences" && kind != "analyses" {
        #expect(Set(looks.map { $0.shown[kind] }).count > 1 || looks[0].shown[kind] != "{\"items\": []}", "\(kind)")
      }
      for kind in PastTests.kinds { #expect(try await PastTests.look(world, kind, asOf: "0").contains("{") == (kind != "work"), "\(kind) at the beginning") }
    }
  }

  @Test func `one thing can be got and described as it stood`() async throws {
    try await World.with { world in
      try await world.version(1)
      try await world.serve(1)
      try await world.project()
      let before = try await world.program.run("describe", "endpoint", World.endpoint, "-o", "json")
      let position = try await world.count()
      try await world.version(2)
      try await world.serve(2)
      try await world.append([.endpointRemoved(Remark(reason: nil))], "endpoint/\(World.endpoint)")
      try await world.project()
      #expect(try await world.program.run("get", "endpoints", World.endpoint).status == 5)
      let then = try await world.program.run("describe", "endpoint", World.endpoint, "--as-of", "\(position)", "-o", "json")
      #expect(then.status == 0 && then.output == before.output)
      let one = try await world.program.run("get", "endpoint", World.endpoint, "--as-of", "\(position)")
      #expect(one.output.contains("breast-cancer/1"))
      #expect(try await world.program.run("get", "versions", "breast-cancer/2", "--as-of", "\(position)").status == 5)
      #expect(try await world.program.run("get", "versions", "breast-cancer", "--as-of", "\(position)", "-o", "name").output == "breast-cancer/1\n")
    }
  }

  @Test func `what is not in the log is refused, and says what to do`() async throws {
    try await World.with { world in
      try await world.project()
      let head = try await world.count()
      func refusal(_ arguments: String...) async throws -> String {
        let answer = try await world.program.run(arguments)
        #expect(answer.status == 2 && answer.output.isEmpty, "\(arguments): \(answer.output)")
        return answer.talk
      }
      #expect(
        try await refusal("get", "models", "--as-of", "\(head + 1)")
          == "kedge: --as-of \(head + 1): the log goes from 1 to \(head); name a position that it has, or a time\n")
      #expect(try await refusal("get", "models", "--as-of=-1").hasPrefix("kedge: --as-of -1: the log goes from 1"))
      #expect(try await refusal("get", "models", "--as-of", "2999-01-01").hasPrefix("kedge: --as-of 2999-01-01T00:00:00Z: that is in the future, it is 20"))
      #expect(
        try await refusal("get", "workers", "--as-of", "1")
          == "kedge: --as-of: workers lie beside the log, which does not tell what they were at an earlier time; leave --as-of out\n")
      #expect(try await refusal("get", "models", "--as-of", "yesterday").contains("yesterday"))
      #expect(try await refusal("get", "models", "--as-of", "1", "--watch").contains("--watch and --as-of"))
      #expect(try await world.program.run("get", "models", "--as-of", "2001-01-01", "-o", "json").json == ["items": []])
    }
  }

  @Test func `an auditor looks back too, and leaves nothing behind`() async throws {
    try await World.with { world in
      try await world.version(1)
      try await world.project()
      var program = world.program
      let auditor = try await world.database.makeClient(memberOf: "kedge_auditor")
      program.database = try world.database.url(as: try #require(try await auditor.query("select session_user::text", as: String.self).first))
      let head = try await world.count()
      let answer = try await program.run("get", "versions", "--as-of", "\(head)", "-o", "name")
      #expect(answer.status == 0 && answer.output == "breast-cancer/1\n", "\(answer.talk)")
      #expect(try await auditor.query("select * from audit.as_of(\(head))").count > 5)
      let left = try await world.database.client.query("select relname::text from pg_class where relpersistence = 't' and relkind = 'r'", as: String.self)
      #expect(left.isEmpty, "\(left)")
    }
  }

  @Test func `a stream with an event that cannot be read is shown as before it, and the others go on`() async throws {
    try await World.with { world in
      try await world.version(1)
      let text = """
        create or replace function kedge.event_shapes() returns jsonb language sql immutable as $$ select '{}'::jsonb $$;
        select kedge.append('model/\(World.model)', -1, '[{"type": "alias_moved", "data": {"alias": 7}}, {"type": "version_archived", "data": {"version": "\(World.model)/1"}}]');
        select kedge.append('model/other', -1, '[{"type": "model_registered", "data": {"name": "other", "task": "regression", "tags": {}}}]');
        select kedge.seal();
        """
      try await world.database.client.execute(unsafeScript: text, name: "append poison")
      let head = try await world.count()
      let answer = try await world.program.run("get", "versions", "--as-of", "\(head)", "-o", "json")
      #expect(answer.status == 0)
      #expect(try answer.json.items.map { $0["archived"] } == [false])
      #expect(answer.talk == "kedge: model/\(World.model) is shown as before an event that cannot be read; `kedge get projections` tells more\n")
      #expect(try await world.program.run("get", "models", "--as-of", "\(head)", "-o", "name", "--quiet").output == "breast-cancer\nother\n")
    }
  }
}
