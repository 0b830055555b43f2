import Foundation
import Lifecycle
import PostgreSQL
import Testing
import Values

/// What people type about alerts.
@Suite struct AlertCommandTests {
  @Test func `an alert is looked after, talked about and resolved, with who and why`() async throws {
    try await World.with { world in
      let id = try await world.alert()
      let short = "\(id)".prefix(8)
      let acknowledged = try await world.program.run("ack", "\(short)", "--reason", "calling the lab", "--as", "olga")
      #expect(acknowledged.status == 0)
      #expect(acknowledged.output == "alert \(id) is acknowledged\n")
      let noted = try await world.program.run("note", "\(id)", "scanner 3 was replaced on Monday", "--as", "dora", "-o", "json")
      #expect(try noted.json["events"]?[0]?["type"] == "note_added")
      try await world.project()
      let firing = try #require(try await world.program.run("get", "alerts", "\(id)", "-o", "json").json)
      for key in ["id", "rule", "monitor", "state", "severity", "value", "acknowledged_by", "since_at"] { #expect(firing[key] != nil, "\(key)") }
      #expect(firing["state"] == "firing" && firing["acknowledged_by"] == "olga")
      let resolved = try await world.program.run("resolve", "\(id)", "--reason", "it was recalibrated", "--as", "olga", "-o", "json")
      #expect(try resolved.json["id"] == .string("\(id)"))
      #expect(try resolved.json["events"]?[0]?["type"] == "alert_resolved")
      try await world.project()
      let over = try await world.program.run("describe", "alert", "\(id)", "-o", "json").json
      #expect(over["state"] == "resolved" && over["reason"] == "it was recalibrated")
      #expect(over["notes"]?[0]?["note"] == "scanner 3 was replaced on Monday" && over["notes"]?[0]?["by"] == "dora")
      #expect(try await world.program.run("describe", "alert", "\(id)").output.contains("scanner 3 was replaced on Monday"))
      let events = try await world.program.run("events", "--stream", id.stream, "-o", "json").json.items
      #expect(events.map { $0["type"] } == ["alert_raised", "alert_acknowledged", "note_added", "alert_resolved"])
      #expect(events.map { $0["actor"] } == ["kedge/alerting", "olga", "dora", "olga"])
      #expect(events[1]["data"]?["reason"] == "calling the lab")
    }
  }

  @Test func `a false alarm is marked with its reason, also when it is over already`() async throws {
    try await World.with { world in
      let (fires, over) = (try await world.alert(), try await world.alert())
      try await world.append([.alertResolved(AlertResolved(reason: "2 good windows in a row", value: 0))], over.stream, by: "kedge/alerting")
      for id in [fires, over] {
        let answer = try await world.program.run("false-alarm", "\(id)", "--reason", "test data", "--as", "olga")
        #expect(answer.status == 0, "\(answer.talk)")
        #expect(answer.output == "alert \(id) is marked as a false alarm\n")
      }
      try await world.project()
      let alerts = try await world.program.run("get", "alerts", "false_alarm", "-o", "json").json.items
      #expect(alerts.count == 2 && alerts.allSatisfy { $0["state"] == "false_alarm" && $0["reason"] == "test data" })
      let twice = try await world.program.run("false-alarm", "\(fires)", "--reason", "again")
      #expect(twice.status == 6)
      #expect(twice.talk == "kedge: the alert is marked as a false alarm already\n")
    }
  }

  @Test func `what does not fit how an alert stands is a conflict, and changes nothing`() async throws {
    try await World.with { world in
      let id = try await world.alert()
      #expect(try await world.program.run("ack", "\(id)", "--as", "olga").status == 0)
      let twice = try await world.program.run("ack", "\(id)", "--as", "dora")
      #expect(twice.status == 6)
      #expect(twice.talk == "kedge: olga has acknowledged the alert already\n")
      #expect(try await world.program.run("resolve", "\(id)").status == 0)
      for command in ["resolve", "ack"] {
        let answer = try await world.program.run(command, "\(id)")
        #expect(answer.status == 6)
        #expect(answer.talk == "kedge: the alert is resolved already\n")
      }
      let stale = try await world.program.run("false-alarm", "\(id)", "--expected-version", "2")
      #expect(stale.status == 6)
      for (type, count) in [("alert_acknowledged", 1), ("alert_resolved", 1), ("alert_marked_false", 0)] {
        #expect(try await world.count(type) == count, "\(type)")
      }
    }
  }

  @Test(arguments: [["ack"], ["resolve"], ["false-alarm"], ["note"], ["unsilence"]])
  func `what is not there, or could be several, is refused`(command: [String]) async throws {
    try await World.with { world in
      let kind = command == ["unsilence"] ? "silence" : "alert"
      let text = command == ["note"] ? ["hm"] : []
      func run(_ id: String) async throws -> Program.Answer { try await world.program.run(command + [id] + text) }
      let unknown = try await run("abcdef01")
      #expect(unknown.status == 5)
      #expect(unknown.talk == "kedge: there is no \(kind) abcdef01\n")
      let short = try await run("abc")
      #expect(short.status == 2)
      #expect(short.talk == "kedge: \(kind) \"abc\" is too short; give at least 6 characters of its id\n")
      let name = try await run("inputs-drifted")
      #expect(name.status == 5)
      #expect(name.talk == "kedge: there is no \(kind) \"inputs-drifted\"; an id is a UUID or the beginning of one\n")
      #expect(try await world.count() == 5)
    }
  }

  @Test(arguments: [
    (["note", "abcdef01", ""], "kedge: a note has 1 to 10000 bytes; see `kedge note --help`\n"),
    (["false-alarm", "abcdef01", "--reason", ""], "kedge: --reason is empty; say why, or leave it out; see `kedge false-alarm --help`\n"),
    (["silence", "--for", "2h"], "kedge: nothing to silence: name it with --monitor, --rule or --model; see `kedge silence --help`\n"),
    (["silence", "--monitor", "m"], "kedge: say how long, with --for or --until, and with one of them only; see `kedge silence --help`\n"),
    (
      ["silence", "--monitor", "m", "--for", "2h", "--until", "2100-01-01T00:00:00Z"],
      "kedge: say how long, with --for or --until, and with one of them only; see `kedge silence --help`\n"
    ),
    (
      ["silence", "--monitor", "m", "--until", "2020-01-01T00:00:00Z"],
      "kedge: --until 2020-01-01T00:00:00Z: that is over already; name a time in the future\n"
    ),
    (
      ["silence", "--monitor", "m", "--for", "soon"],
      "kedge: The value 'soon' is invalid for '--for <duration>'; see `kedge silence --help`\n"
    ),
    (["silence", "--monitor", "m", "--for", "0s"], "kedge: The value '0s' is invalid for '--for <duration>'; see `kedge silence --help`\n"),
    (
      ["silence", "--monitor", "m", "--for", "99999999999d"],
      "kedge: The value '99999999999d' is invalid for '--for <duration>'; see `kedge silence --help`\n"
    ),
  ])
  func `bad usage says what is wrong`(arguments: [String], message: String) async throws {
    let answer = try await Program(database: "postgresql:///kedge?host=/nonexistent").run(arguments)
    #expect(answer.status == 2)
    #expect(answer.talk == message)
    #expect(answer.output.isEmpty)
  }

  @Test func `a silence has an author, a reason and an end, and can be ended before it`() async throws {
    try await World.with { world in
      let before = Timestamp.now()
      let started = try await world.program.run(
        "silence", "--monitor", World.monitor, "--for", "2h", "--reason", "the lab moves", "--as", "olga", "-o", "json")
      #expect(started.status == 0, "\(started.talk)")
      let id = try #require(try started.json["id"]?.string)
      try await world.project()
      let silence = try #require(try await world.program.run("get", "silences", "-o", "json").json.items.first)
      #expect(silence["id"]?.string == id && silence["monitor"]?.string == World.monitor && silence["rule"]?.isNull == true)
      #expect(silence["started_by"] == "olga" && silence["reason"] == "the lab moves" && silence["active"] == true)
      let until = try #require(Timestamp(silence["until_at"]?.string ?? ""))
      #expect(until >= before + .seconds(7200) && until <= Timestamp.now() + .seconds(7200))
      let ended = try await world.program.run("unsilence", String(id.prefix(8)), "--reason", "the move is done", "--as", "dora")
      #expect(ended.status == 0)
      #expect(ended.output == "silence \(id) is over\n")
      let twice = try await world.program.run("unsilence", id)
      #expect(twice.status == 6)
      #expect(twice.talk == "kedge: the silence is over already\n")
      try await world.project()
      let over = try #require(try await world.program.run("get", "silences", id, "-o", "json").json)
      #expect(over["active"] == false && over["ended_by"] == "dora")
    }
  }

  @Test func `a silence may be about a rule or a model until a time, without a word why`() async throws {
    try await World.with { world in
      let answer = try await world.program.run(
        "silence", "--rule", "inputs-drifted", "--model", World.model, "--until", "2100-01-01T00:00:00Z", "--as", "olga")
      #expect(answer.status == 0, "\(answer.talk)")
      #expect(answer.output.hasSuffix(" lasts until 2100-01-01T00:00:00Z\n"))
      try await world.project()
      let silence = try #require(try await world.program.run("get", "silences", "-o", "json").json.items.first)
      #expect(silence["rule"] == "inputs-drifted" && silence["model"]?.string == World.model && silence["reason"]?.isNull == true)
    }
  }

  @Test(arguments: ["monitor", "rule", "model"])
  func `what is silenced has to be there`(kind: String) async throws {
    try await World.with { world in
      let answer = try await world.program.run("silence", "--\(kind)", "nowhere", "--for", "2h")
      #expect(answer.status == 5)
      #expect(answer.talk == "kedge: there is no \(kind) nowhere\n")
      #expect(try await world.count("silence_started") == 0)
    }
  }

  @Test func `a silenced alert is told at the end, once, and not while the silence lasts`() async throws {
    try await World.with { world in
      let declared = """
        {kind: Channel, name: ops, http: {url: "http://127.0.0.1:9/"}}
        ---
        {kind: AlertRule, name: inputs-drifted, monitor: \(World.monitor), when: {metric: drift.share, at_least: 0.2}, for: 1, notify: [ops]}
        """
      #expect(try await world.program.run(["apply", "-f", "-"], input: declared).status == 0)
      let silence = try #require(
        try await world.program.run("silence", "--monitor", World.monitor, "--for", "2h", "-o", "json").json["id"]?.string)
      try await world.follow()
      try await world.measure(0.9, ago: .seconds(60))
      try await world.follow()
      #expect(try await world.count("alert_raised") == 1)
      #expect(try await world.count("message_requested") == 0)
      #expect(try await world.program.run("unsilence", silence).status == 0)
      try await world.follow()
      #expect(try await world.count("message_requested") == 1)
    }
  }

  @Test func `a dry run shows what would be appended, and a key takes effect once`() async throws {
    try await World.with { world in
      let id = try await world.alert()
      let plan = try await world.program.run("false-alarm", "\(id)", "--reason", "test data", "--dry-run", "-o", "json")
      #expect(try plan.json["dry_run"] == true)
      #expect(try plan.json["events"]?[0]?["data"]?["reason"] == "test data")
      let wanted = try await world.program.run("silence", "--rule", "inputs-drifted", "--for", "1h", "--dry-run")
      #expect(wanted.output.hasPrefix("would append silence_started to silence/"))
      #expect(try await world.program.run("note", "\(id)", "hm", "--dry-run").output == "would append note_added to \(id.stream)\n")
      #expect(try await world.count() == 6)
      for command in [
        ["note", "\(id)", "hm"], ["silence", "--rule", "inputs-drifted", "--until", "2100-01-01T00:00:00Z"], ["ack", "\(id)"],
        ["false-alarm", "\(id)", "--reason", "test data"],
      ] {
        let first = try await world.program.run(command + ["--idempotency-key", "k-\(command[0])", "-o", "json"])
        let again = try await world.program.run(command + ["--idempotency-key", "k-\(command[0])", "-o", "json"])
        #expect(first.status == 0 && again.status == 0, "\(command): \(first.talk)\(again.talk)")
        #expect(try first.json == again.json, "\(command)")
      }
      #expect(try await world.count() == 10)
    }
  }
}
