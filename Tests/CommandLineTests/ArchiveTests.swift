import EventLog
import Foundation
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Values

@Suite struct ArchiveTests {
  /// Fills the first partition.
  private func fill(_ world: World) async throws {
    try await world.version(1)
    try await world.database.client.query("select kedge.seal()")
    try await world.database.client.query("select setval('kedge.event_number', 10000000)")
    try await world.database.client.query("select kedge.extend_log()")
    try await world.version(2)
    try await world.project()
  }

  @Test func `an old part of the log goes to a file, is said in the log, and verifies without a database`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try await World.with { world in
      var program = world.program
      program.directory = folder.path
      #expect(try await program.run("archive").status == 2)
      #expect(try await program.run("archive", "--to", "file:missing").status == 2)
      #expect(try await program.run("archive", "--tablespace", "missing").status == 2)
      #expect(try await program.run("archive", "--to", "s3://bucket/x").status == 2)
      let nothing = try await program.run("archive", "--to", "file:.")
      #expect(nothing.status == 0 && nothing.talk == "nothing to archive: partitions go when they are full, and once\n")
      try await fill(world)
      let young = try await program.run("archive", "--to", "file:.", "--older-than", "1d", "-o", "json")
      #expect(try young.json == ["items": []])
      let plan = try await program.run("archive", "--to", "file:.", "--dry-run", "-o", "json")
      #expect(try plan.json.items.map { $0["partition"] } == ["event_0"])
      let app = try await world.database.makeClient(memberOf: "kedge_app")
      let login = try await app.query("select session_user::text", as: String.self)[0]
      var stranger = Program(database: try world.database.url(as: login))
      stranger.directory = folder.path
      #expect(try await stranger.run("archive", "--to", "file:.").status == 4)

      let done = try await program.run("archive", "--to", "file:.", "--as", "alice", "--reason", "cheaper", "-o", "json")
      #expect(done.status == 0, "\(done.talk)")
      let item = try #require(try done.json.items.first)
      #expect(item["partition"] == "event_0" && item["from_position"] == 1 && item["to_position"] == 11 && item["reason"] == "cheaper")
      let file = try #require(item["file"]?.string)
      #expect(file.hasPrefix("/") && file.hasSuffix("/events-000000000001-000000000011.jsonl.gz"))
      try await Sealer.seal(world.database.client)
      let event = try #require(try await program.run("events", "--type", "log_archived", "-o", "json").json.items.first)
      #expect(event["data"] == item && event["actor"] == "alice")
      #expect(try await Program().run("audit", "verify", "--offline", file).status == 0)
      #expect(try await program.run("audit", "verify").status == 0)
      #expect(try await program.run("projections", "verify").status == 0)
      #expect(try await program.run("archive", "--to", "file:.", "-o", "json").json == ["items": []])
    }
  }

  @Test(arguments: ["closed", "exported", "copied", "recorded", "swapped", "committed"])
  func `a kill at any step leaves the old state or the new one, and the next run finishes`(step: String) async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try await withTablespace { tablespace in
      try await World.with { world in
        try await fill(world)
        let everything: Query = "select md5(string_agg(e::text, ' ' order by position)) from audit.event e where stream <> 'log/archive'"
        let before = try await world.database.client.query(everything, as: String.self)
        let arguments = ["archive", "--tablespace", tablespace, "--to", "file:\(folder.path)", "--verbose"]
        let said = try await killed(arguments, world.program, whenItSays: "kedge.event_0: \(step)\n")
        #expect(said.contains("kedge.event_0: \(step)\n"), "\(said)")
        #expect(try await world.database.client.query(everything, as: String.self) == before)
        #expect(try await world.program.run("audit", "verify").status == 0)
        let again = try await world.program.run(arguments)
        #expect(again.status == 0, "\(again.talk)")
        #expect(try await world.database.client.query(everything, as: String.self) == before)
        let places = try await world.database.client.query(
          "select spcname::text from pg_class c join pg_tablespace t on t.oid = c.reltablespace where c.oid = 'kedge.event_0'::regclass", as: String.self)
        #expect(places == [tablespace])
        #expect(try await world.count("log_archived") == 1)
        #expect(try await Program().run("audit", "verify", "--offline", folder.path + "/events-000000000001-000000000011.jsonl.gz").status == 0)
        try await world.version(3)
        try await Sealer.seal(world.database.client)
        #expect(try await world.program.run("audit", "verify").status == 0)
      }
    }
  }

  /// Runs the program and kills it when it has said something; what it has said.
  private func killed(_ arguments: [String], _ program: Program, whenItSays words: String) async throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["KEDGE_DATABASE_URL": program.database ?? ""]) { $1 }
    let talk = Pipe()
    process.standardError = talk
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let said = Mutex("")
    let pid = process.processIdentifier
    talk.fileHandleForReading.readabilityHandler = { handle in
      let text = String(decoding: handle.availableData, as: UTF8.self)
      let isThere = said.withLock { said in
        said += text
        return said.contains(words)
      }
      if isThere { kill(pid, SIGKILL) }
    }
    #expect(try await eventually(within: .seconds(60)) { !process.isRunning })
    talk.fileHandleForReading.readabilityHandler = nil
    return said.withLock { $0 }
  }
}
