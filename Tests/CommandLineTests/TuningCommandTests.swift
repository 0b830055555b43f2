import Foundation
import Lifecycle
import Testing
import Values

/// Other rules and thresholds, beside what happened.
@Suite struct TuningCommandTests {
  /// Three incidents in twenty hours: one that people confirmed, one false alarm, one that nobody looked at.
  private func withHistory(_ body: (World, Folder) async throws -> Void) async throws {
    try await World.with { world in
      let folder = try Folder()
      defer { folder.remove() }
      var program = world.program
      program.directory = folder.path
      let world = World(database: world.database, program: program)
      let incidents: [(shares: [Double], answer: [String]?)] = [
        ([0, 0.05, 0.9, 0.9], ["ack"]), ([0, 0.1, 0.3], ["false-alarm", "--reason", "test data"]), ([0.02, 0, 0.4], nil), ([0, 0.05], nil),
      ]
      var hour = 20
      for (shares, answer) in incidents {
        for share in shares {
          try await world.measure(share, ago: .seconds(hour * 3600))
          hour -= 1
        }
        try await world.follow()
        guard let answer else { continue }
        let alert = try #require(try await world.program.run("get", "alerts", "firing", "-o", "name").output.split(separator: "\n").first)
        #expect(try await world.program.run([answer[0], String(alert)] + answer.dropFirst()).status == 0)
      }
      try await body(world, folder)
    }
  }

  private func rule(_ threshold: Double, for windows: Int = 1) -> String {
    "{kind: AlertRule, name: inputs-drifted, monitor: \(World.monitor), when: {metric: drift.share, at_least: \(threshold)}, for: \(windows)}\n"
  }

  @Test func `a backtest tells what other rules would have raised, as table, document and picture`() async throws {
    try await withHistory { world, folder in
      let events = try await world.count()
      try folder.write("rules.yaml", rule(0.35))
      let answer = try await world.program.run("policy", "backtest", "-f", "rules.yaml", "--since", "90d", "--picture", "was.svg", "-o", "json")
      #expect(answer.status == 0, "\(answer.talk)")
      let found = try #require(try answer.json["rules"]?[0])
      #expect(found["rule"] == "inputs-drifted" && found["incidents"] == 1)
      #expect(found["happened"]?["raised"] == 3 && found["would"]?["raised"] == 2)
      #expect(found["happened"]?["precision"] == 0.5 && found["would"]?["precision"] == 1)
      #expect(found["happened"]?["false_alarms"] == 1 && found["would"]?["false_alarms"] == 0)
      #expect(found["would"]?["incidents_noticed"] == 1 && found["would"]?["noticed"] == "1/1")
      #expect(found["same"] == 2 && found["new_count"] == 0)
      #expect(found["gone"]?.array?.map { $0["mark"] } == ["false_alarm"])
      #expect(found["would"]?["median_seconds_to_detect"]?.double != nil)
      let table = try await world.program.run("policy", "backtest", "-f", "rules.yaml", "-o", "wide").output.split(separator: "\n")
      #expect(table[0].split(separator: " ").prefix(6) == ["RULE", "RAISED", "WOULD", "SAME", "GONE", "NEW"])
      #expect(table[1].split(separator: " ").prefix(6) == ["inputs-drifted", "3", "2", "2", "1", "0"])
      #expect(try await world.program.run("policy", "backtest", "-f", "rules.yaml", "-o", "name").output == "inputs-drifted\n")
      let picture = try folder.read("was.svg")
      #expect(picture.hasPrefix("<svg") && picture.contains("inputs-drifted"))
      #expect(picture.components(separatedBy: "class=\"false\"").count == 1 + 2, "what was a false alarm, and the legend")
      #expect(try await world.count() == events, "nothing is appended")
    }
  }

  @Test func `a backtest reaches back no further than asked, and no further than there is`() async throws {
    try await withHistory { world, folder in
      try folder.write("rules.yaml", rule(0.2))
      let since = Timestamp.now()
      try await world.measure(0.9, ago: .zero)
      try await world.follow()
      let answer = try await world.program.run("policy", "backtest", "-f", "rules.yaml", "--since", "\(since)", "-o", "json").json
      #expect(answer["since"] == .string("\(since)"))
      #expect(answer["rules"]?[0]?["happened"]?["raised"] == 1)
    }
  }

  @Test func `what a backtest cannot read is bad usage`() async throws {
    try await World.with { world in
      let folder = try Folder()
      defer { folder.remove() }
      var program = world.program
      program.directory = folder.path
      try folder.write("rules.yaml", rule(0.2))
      try folder.write("model.yaml", "{kind: Model, name: other, task: regression}\n")
      try folder.write("wrong.yaml", rule(0.2).replacing(World.monitor, with: "breast-cancer-love"))
      let cases: [(arguments: [String], talk: String)] = [
        (["-f", "nowhere.yaml"], "nowhere.yaml: the file cannot be read; name one that is there and that you may read\n"),
        (["-f", "model.yaml"], "the files declare no alert rule; name one that does\n"),
        ([], "no file: name one with -f; see `kedge policy backtest --help`\n"),
        (
          ["-f", "rules.yaml", "--since", "yesterday"],
          "The value 'yesterday' is invalid for '--since <time|duration>'; see `kedge policy backtest --help`\n"
        ),
        (["-f", "rules.yaml", "--since", "2100-01-01T00:00:00Z"], "--since 2100-01-01T00:00:00Z: that is still to come; name a time in the past\n"),
        (
          ["-f", "rules.yaml", "--picture", "was.png"],
          "--picture was.png: the name of a picture ends in .svg; see `kedge policy backtest --help`\n"
        ),
      ]
      for (arguments, talk) in cases {
        let answer = try await program.run(["policy", "backtest"] + arguments)
        #expect(answer.status == 2, "\(arguments)")
        #expect(answer.talk == "kedge: \(talk)")
        #expect(answer.output.isEmpty)
      }
      let wrong = try await program.run("policy", "backtest", "-f", "wrong.yaml")
      #expect(wrong.status == 2)
      #expect(wrong.talk.hasPrefix("kedge: wrong.yaml:1:50: monitor: found \"breast-cancer-love\"; expected the name of a declared monitor"))
      let nowhere = try await program.run("policy", "backtest", "-f", "rules.yaml", "--picture", "nowhere/was.svg")
      #expect(nowhere.status == 1)
      #expect(nowhere.talk.hasPrefix("kedge: nowhere/was.svg: the picture cannot be written: "))
    }
  }

  @Test func `a threshold is suggested for a wanted number of alerts, as table, document and picture`() async throws {
    try await withHistory { world, folder in
      let events = try await world.count()
      // Three alerts within a day are ninety a month: two are sixty.
      let answer = try await world.program.run(
        "policy", "suggest", "inputs-drifted", "--alerts-per-month", "75", "--picture", "thresholds.svg", "-o", "json")
      #expect(answer.status == 0, "\(answer.talk)")
      let found = try answer.json
      #expect(found["rule"] == "inputs-drifted" && found["current"] == 0.2 && found["wanted"] == 75 && found["bound"] == "at_least")
      let suggested = try #require(found["suggested"]?.double)
      #expect(suggested > 0.3 && suggested <= 0.4)
      let candidates = try #require(found["candidates"]?.array)
      #expect(candidates.first { $0["is"] == "suggested" }?["alerts"] == 2)
      let declared = try #require(candidates.first { $0["is"] == "declared" })
      #expect(declared["alerts"] == 3 && declared["false_alarms"] == 1 && declared["incidents_noticed"] == 1)
      #expect(try folder.read("thresholds.svg").contains("suggested: "))
      let table = try await world.program.run("policy", "suggest", "inputs-drifted", "--alerts-per-month", "75")
      #expect(table.output.contains("INCIDENTS NOTICED"))
      #expect(table.output.contains("at_least: \(NumberText.text(suggested)) raises 2 alerts in 1 day, at most 75 a month\n"))
      let name = try await world.program.run("policy", "suggest", "inputs-drifted", "--alerts-per-month", "75", "-o", "name")
      #expect(Double(name.output.dropLast()) == suggested)
      #expect(try await world.count() == events, "nothing is appended")
    }
  }

  private enum NumberText {
    static func text(_ value: Double) -> String { JSON(value).description }
  }

  @Test func `where nothing can be suggested, the answer is no, and says why`() async throws {
    try await withHistory { world, _ in
      let none = try await world.program.run("policy", "suggest", "inputs-drifted", "--since", "2100-01-01T00:00:00Z")
      #expect(none.status == 2)
      #expect(none.talk == "kedge: --since 2100-01-01T00:00:00Z: that is still to come; name a time in the past\n")
      let early = try await world.program.run("policy", "suggest", "inputs-drifted", "--since", "\(Timestamp.now())")
      #expect(early.status == 2)
      #expect(early.talk == "kedge: rule inputs-drifted: nothing was measured that the rule could judge\n")
      let unknown = try await world.program.run("policy", "suggest", "outputs-drifted")
      #expect(unknown.status == 5)
      #expect(unknown.talk == "kedge: there is no rule outputs-drifted\n")
      let negative = try await world.program.run("policy", "suggest", "inputs-drifted", "--alerts-per-month=-1")
      #expect(negative.status == 2)
      #expect(negative.talk == "kedge: --alerts-per-month -1.0: give a number from 0; see `kedge policy suggest --help`\n")
      let silent = "{kind: AlertRule, name: silent, monitor: \(World.monitor), when: {no_data: 3h}}\n"
      #expect(try await world.program.run(["apply", "-f", "-"], input: silent).status == 0)
      let noThreshold = try await world.program.run("policy", "suggest", "silent")
      #expect(noThreshold.status == 2)
      #expect(
        noThreshold.talk
          == "kedge: rule silent: the rule is not one comparison with one threshold; try other rules with `kedge policy backtest -f`\n")
    }
  }
}
