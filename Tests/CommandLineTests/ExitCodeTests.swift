import Foundation
import Lifecycle
import Testing
import Values

/// Each exit code of SURFACE.md, by a command that ends with it.
@Suite struct ExitCodeTests {
  @Test func `0: done`() async throws {
    try await World.with { world in
      let answer = try await world.program.run("get", "models")
      #expect(answer.status == 0)
    }
  }

  @Test func `1: without a database nothing can be said`() async throws {
    let answer = try await Program().run("get", "models", "--directory", "/nonexistent/kedge")
    #expect(answer.status == 1)
    #expect(
      answer.talk
        == "kedge: no database: no instance runs in /nonexistent/kedge; start one with `kedge up`, or name a database with --database or KEDGE_DATABASE_URL\n")
    #expect(answer.output.isEmpty)
  }

  @Test func `1: a database that cannot be reached is said in one line, without its password`() async throws {
    let answer = try await Program(database: "postgresql:///kedge?host=/nonexistent&user=secret&password=hunter2").run("get", "models")
    #expect(answer.status == 1)
    #expect(answer.talk.hasPrefix("kedge: the database cannot be reached: "))
    #expect(answer.talk.split(separator: "\n").count == 1)
    #expect(!answer.talk.contains("hunter2"))
  }

  @Test(arguments: ["KEDGE_LISTEN", "KEDGE_PREPARED_STATEMENTS"])
  func `2: a setting of the environment that is neither on nor off is named`(name: String) async throws {
    let answer = try await Program(database: "postgresql:///kedge?host=/nonexistent", environment: [name: "no"]).run("get", "models")
    #expect(answer.status == 2)
    #expect(answer.talk == "kedge: \(name)=no: expected on or off\n")
  }

  @Test(arguments: [
    (["get"], "kedge: Missing expected argument '<kind>'; see `kedge get --help`\n"),
    (["frobnicate"], "kedge: Unexpected argument 'frobnicate'; see `kedge --help`\n"),
    (["get", "models", "--bogus"], "kedge: Unknown option '--bogus'; see `kedge get --help`\n"),
    (
      ["rollback", "breast-cancer-prod"],
      "kedge: roll back breast-cancer-prod: nobody can be asked, because standard input is no terminal; add --yes\n"
    ),
    (
      ["promote", "m/1", "--override-gate"],
      "kedge: --override-gate needs --reason TEXT: it stands in the log, and who approves reads it; see `kedge promote --help`\n"
    ),
    (
      ["approve", "m/1", "--as", "kedge/rollout"],
      "kedge: --as kedge/rollout: names that begin with kedge/ are those of policies; name a person; see `kedge approve --help`\n"
    ),
    (
      ["compare", "--reference", "/nonexistent.csv", "--current", "x.csv"],
      "kedge: /nonexistent.csv: cannot be opened: No such file or directory; check the path and its rights\n"
    ),
    (
      ["worker", "--role", "cook"],
      "kedge: --role cook: there is no such role; expected projector, measurer, scheduler, trainer, deployer, notifier; see `kedge worker --help`\n"
    ),
    (["apply"], "kedge: no file: name one with -f; see `kedge apply --help`\n"),
  ])
  func `2: bad usage says what is wrong and where help is`(arguments: [String], message: String) async throws {
    let answer = try await Program().run(arguments)
    #expect(answer.status == 2)
    #expect(answer.talk == message)
    #expect(answer.output.isEmpty)
  }

  @Test func `2: an unknown kind lists the kinds`() async throws {
    let answer = try await Program(database: "postgresql:///x").run("get", "frogs")
    #expect(answer.status == 2)
    #expect(answer.talk.hasPrefix("kedge: there is no kind \"frogs\"; the kinds are models, versions, monitors, "))
  }

  @Test func `3: drift was found`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    let numbers = (0..<200).map { "\($0)" }
    try folder.write("a.csv", (["x"] + numbers).joined(separator: "\n"))
    try folder.write("b.csv", (["x"] + numbers.map { $0 + "000" }).joined(separator: "\n"))
    let answer = try await Program(directory: folder.path).run("compare", "--reference", "a.csv", "--current", "b.csv", "--fail-on-drift", "-o", "json")
    #expect(answer.status == 3)
    #expect(try answer.json["drift"]?["detected"] == true)
    let same = try await Program(directory: folder.path).run("compare", "--reference", "a.csv", "--current", "a.csv", "--fail-on-drift", "-o", "json")
    #expect(same.status == 0)
  }

  @Test func `4: nobody approves their own request`() async throws {
    try await World.with { world in
      let id = try await world.propose(1, requestedBy: "alice")
      let answer = try await world.program.run("approve", "\(id)", "--as", "alice", "--quiet")
      #expect(answer.status == 4)
      #expect(answer.talk == "kedge: alice asked for it, and nobody approves their own request\n")
      #expect(try await world.count("deployment_approved") == 0)
    }
  }

  @Test(arguments: [
    ["get", "versions", "breast-cancer/9"], ["approve", "abcdef01"], ["rollback", "nowhere", "--yes"], ["why", "alert", "abcdef"], ["logs", "run", "abcdef"],
  ])
  func `5: there is no such thing`(arguments: [String]) async throws {
    try await World.with { world in
      let answer = try await world.program.run(arguments)
      #expect(answer.status == 5)
      #expect(answer.talk.hasPrefix("kedge: there is no "))
    }
  }

  @Test func `6: somebody changed it first`() async throws {
    try await World.with { world in
      let stale = try await world.program.run("freeze", World.endpoint, "--yes", "--expected-version", "7")
      #expect(stale.status == 6)
      #expect(stale.talk == "kedge: stream endpoint/breast-cancer-prod is at version 1, not 7: somebody changed it first; read it again and decide again\n")
      #expect(try await world.program.run("freeze", World.endpoint, "--yes", "--expected-version", "1").status == 0)
      let twice = try await world.program.run("freeze", World.endpoint, "--yes")
      #expect(twice.status == 6)
      #expect(twice.talk == "kedge: the endpoint is frozen already\n")
    }
  }

  @Test func `7: the time is up`() async throws {
    try await World.with { world in
      let answer = try await world.program.run("retrain", World.model, "--wait=100ms")
      #expect(answer.status == 7)
      #expect(answer.talk.hasSuffix(" is not over after 100ms; it goes on, and nothing was undone\n"))
    }
  }

  @Test func `8: it now waits for an approval`() async throws {
    try await World.with { world in
      let id = try await world.propose(1, approvals: 2)
      let answer = try await world.program.run("approve", "\(id)", "--as", "bob", "--quiet", "--wait=1m")
      #expect(answer.status == 8)
      #expect(answer.talk == "kedge: deployment \(id) waits for an approval; `kedge approve \(id)` gives it\n")
    }
  }
}
