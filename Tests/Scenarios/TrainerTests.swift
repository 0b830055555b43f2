import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// Trainers that crash, hang or talk too much, and workers that die over them.
@Suite struct TrainerTests {
  @Test(arguments: [
    ("crash", "failed", "exited with code 3"), ("silent", "failed", "result.json"), ("wrong", "failed", "artifact"),
    ("chatter", "failed", "exited with code 1"),
  ])
  func `a trainer that does not do its work is a failed run that says why`(mode: String, state: String, reason: String) async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,trainer")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      let asked = try await scenario.kedge("retrain", "toy", "--parameter", "mode=\(mode)", "--wait=60s", "-o", "json")
      #expect(asked.status == 1, "\(asked.out)\(asked.err)")
      #expect(try await scenario.value("select state from kedge.run") == state)
      #expect(try await scenario.value("select attempt::text from kedge.run") == "3", "two retries are declared")
      let failure = try await scenario.value("select failure from kedge.run") ?? ""
      #expect(failure.contains(reason), "\(failure)")
      if mode == "crash" {
        #expect(try await scenario.value("select content::text from kedge.attachment limit 1")?.contains("the data went away") == true)
      }
    }
  }

  @Test func `a trainer that hangs is ended at its timeout`() async throws {
    try await Scenario.run { scenario in
      try scenario.write("kedge.yaml", Scenario.declarations.replacing("timeout: 60s, retries: 2", with: "timeout: 1s, retries: 0"))
      try scenario.worker("projector,trainer")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      #expect(try await scenario.kedge("retrain", "toy", "--parameter", "seconds=600", "--wait=60s").status == 1)
      #expect(try await scenario.value("select state from kedge.run") == "timed_out")
    }
  }

  @Test func `a run that is cancelled ends its trainer`() async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,trainer")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      let marker = scenario.directory + "/pids"
      #expect(try await scenario.kedge("retrain", "toy", "--parameter", "seconds=600", "--parameter", "marker=\(marker)").status == 0)
      try await scenario.waitFor("the trainer") { scenario.read("pids") != nil }
      let run = try await scenario.value("select id::text from kedge.run") ?? ""
      #expect(try await scenario.kedge("cancel", "run", run, "--reason", "wrong data", "--yes").status == 0)
      let pid = try #require(scenario.read("pids").flatMap { Int32($0.split(separator: "\n").first ?? "") })
      try await scenario.waitFor("the end of the trainer") { kill(pid, 0) != 0 }
      try await scenario.waitFor("the run to be cancelled", sql: "select 1 from kedge.run where state = 'cancelled'")
    }
  }

  @Test func `a trainer's worker killed in mid-run: another finishes it, with one version and one deployment`() async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,scheduler,deployer")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      let first = try scenario.worker("trainer")
      try await begin(scenario)
      let pid = try #require(scenario.read("pids").flatMap { Int32($0.split(separator: "\n").first ?? "") })
      kill(first.processIdentifier, SIGKILL)
      try await scenario.waitFor("the end of the orphan") { kill(pid, 0) != 0 }
      try scenario.worker("trainer")
      try scenario.write("go", "")
      try await finish(scenario)
    }
  }

  @Test func `a worker that was stopped and comes back after its lease can record nothing`() async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,scheduler,deployer")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      let zombie = try scenario.worker("trainer")
      try await begin(scenario)
      kill(zombie.processIdentifier, SIGSTOP)
      try scenario.worker("trainer")
      try await scenario.waitFor("the second attempt", sql: "select 1 from kedge.run where attempt = 2")
      kill(zombie.processIdentifier, SIGCONT)
      try scenario.write("go", "")
      try await finish(scenario)
      #expect(
        try await scenario.value("select string_agg(type, ',' order by version) from kedge.event where stream like 'run/%'")
          == "run_requested,run_started,run_started,run_step_finished,run_started,run_step_finished,run_evaluated,run_succeeded")
    }
  }

  private func begin(_ scenario: Scenario) async throws {
    let (marker, go) = (scenario.directory + "/pids", scenario.directory + "/go")
    #expect(
      try await scenario.kedge(
        "retrain", "toy", "--parameter", "seconds=120", "--parameter", "marker=\(marker)", "--parameter", "go=\(go)"
      ).status == 0)
    try await scenario.waitFor("the trainer") { scenario.read("pids")?.contains("\n") == true }
  }

  private func finish(_ scenario: Scenario) async throws {
    try await scenario.waitFor("the run", sql: "select 1 from kedge.run where state = 'succeeded'")
    _ = try await scenario.deployment(of: "toy/1", in: "awaiting_approval")
    #expect(try await scenario.value("select count(*)::text from kedge.model_version") == "1")
    #expect(try await scenario.value("select count(*)::text from kedge.deployment") == "1")
    #expect(try await scenario.value("select count(*)::text from kedge.event where type = 'version_registered'") == "1")
  }
}
