import EventLog
import Foundation
import Logging
import PostgreSQL
import Projections
import TestSupport
import Testing
import Values

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Streams that a follower halted, and followers that do not go on, as people see them.
@Suite struct PoisonTests {
  /// A version without a number, as only another program would write it.
  private func poison(_ world: World) async throws {
    try await world.version(1)
    try await world.database.client.execute(
      unsafeScript: """
        CREATE OR REPLACE FUNCTION kedge.event_shapes() RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT '{}'::jsonb $$;
        SELECT kedge.append('model/breast-cancer', -1, '[{"type": "version_registered", "data": {"artifact": 7}}]');
        """, name: "append poison")
    try await world.version(2)
    try await FollowerRunner(allFollowers().filter { $0.name == "registry" }, on: world.database.client, holder: "test", logger: quiet).catchUp()
  }

  @Test func `a halted stream is shown with its event and error, and is released`() async throws {
    try await World.with { world in
      try await poison(world)
      let program = world.program
      let item = try #require(try await program.run("get", "projections", "registry", "-o", "json").json)
      #expect(item["halted"] == 1 && item["first_halted"]?["stream"] == "model/breast-cancer" && item["first_halted"]?["position"] == 12)
      #expect(item["first_halted"]?["error"]?.string?.isEmpty == false && item["first_halted"]?["parked"] == 1)
      let table = try await program.run("get", "projections")
      #expect(table.output.contains("FIRST HALTED") && table.output.contains("model/breast-cancer"))
      let described = try await program.run("describe", "projection", "registry")
      #expect(described.output.contains("model/breast-cancer") && described.output.contains("parked"))
      let doctor = try await program.run("doctor")
      #expect(doctor.status == 3)
      #expect(
        doctor.output.contains("halted stream: registry cannot digest position 12 of model/breast-cancer, 1 events wait behind it: ")
          && doctor.output.contains("`kedge projections release registry model/breast-cancer`"))

      // Nothing was mended: it is halted again.
      let again = try await program.run("projections", "release", "registry", "model/breast-cancer", "-o", "json")
      #expect(again.status == 1)
      #expect(try again.json["released"] == false && again.json["halted_at"] == 12)
      #expect(again.talk.hasPrefix("kedge: model/breast-cancer is halted for registry again, at position 12: "))
      #expect(try await program.run("projections", "release", "registry", "model/breast-cancer", "--pass-over").status == 2)
      #expect(try await program.run("projections", "release", "registry", "model/other", "--yes").status == 5)
      #expect(try await program.run("projections", "release", "frogs", "model/other", "--yes").status == 5)
      let plan = try await program.run("projections", "release", "registry", "model/breast-cancer", "--pass-over", "--dry-run", "-o", "json")
      #expect(try plan.json["events"]?[0]?["data"]?["mode"] == "pass_over")
      let released = try await program.run(
        "projections", "release", "registry", "model/breast-cancer", "--pass-over", "--yes", "--as", "alice", "--reason", "a stray program wrote it")
      #expect(released.status == 0, "\(released.talk)")
      #expect(released.output == "model/breast-cancer goes on for registry: 1 events were taken in, one was passed over\n")
      #expect(try await program.run("get", "versions", "-o", "name").output == "breast-cancer/1\nbreast-cancer/2\n")
      #expect(try await program.run("get", "projections", "registry", "-o", "json").json["halted"] == 0)
      try await Sealer.seal(world.database.client)
      let record = try #require(try await program.run("events", "--type", "projection_released", "-o", "json").json.items.last)
      #expect(record["actor"] == "alice" && record["data"]?["reason"] == "a stray program wrote it" && record["data"]?["position"] == 12)
      #expect(try await !program.run("doctor").output.contains("halted stream"))
    }
  }

  @Test func `a follower that does not go on says why`() async throws {
    try await World.with { world in
      try await world.project()
      // As after an older copy of the database was put back.
      try await world.database.client.query("update kedge.follower set hash = sha256('another log') where name = 'registry'")
      let runner = FollowerRunner(allFollowers().filter { $0.name == "registry" }, on: world.database.client, holder: "test", logger: quiet)
      let running = Task { await runner.run() }
      let said = try await eventually(within: .seconds(60)) {
        try await world.program.run("get", "projections", "registry", "-o", "json").json["stopped"]?.string?.contains("the log has another event there") == true
      }
      #expect(said)
      let doctor = try await world.program.run("doctor")
      #expect(doctor.status == 3)
      #expect(doctor.output.contains("stopped: registry does not go on: registry has read up to position 5, and the log has another event there"))
      #expect(try await world.program.run("get", "projections").output.contains("STOPPED"))
      running.cancel()
      await running.value
    }
  }
}
