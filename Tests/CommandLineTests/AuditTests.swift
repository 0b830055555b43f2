import EventLog
import Foundation
import HTTPTransport
import PostgreSQL
import StubServer
import TestSupport
import Testing
import Values

/// Heads, exports and their verification, by the program.
@Suite struct AuditTests {
  @Test func `a signed head proves that the log was only added to`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try await World.with { world in
      var program = world.program
      program.directory = folder.path
      try await world.project()
      let made = try await program.run("audit", "key", "--out", "head.key", "-o", "json")
      #expect(made.status == 0)
      let publicKey = try #require(try made.json["public_key"]?.string)
      let rights = try FileManager.default.attributesOfItem(atPath: folder.path + "/head.key")[.posixPermissions] as? Int
      #expect(rights == 0o600)
      let twice = try await program.run("audit", "key", "--out", "head.key")
      #expect(twice.status == 6)
      #expect(twice.talk == "kedge: head.key: there is such a file already, and a key is never overwritten; name another\n")

      let taken = try await program.run("audit", "head", "--key", "head.key", "--out", "head.json", "-o", "json")
      #expect(taken.status == 0, "\(taken.talk)")
      #expect(try taken.json["position"] == 5 && taken.json["public_key"]?.string == publicKey)
      try await world.version(1)
      try await world.project()
      let good = try await program.run("audit", "verify", "--against", "head.json", "--public-key", "head.key.pub", "-o", "json")
      #expect(good.status == 0, "\(good.output)\(good.talk)")
      #expect(try good.json["verified"] == true && good.json["events"] == 11)
      #expect(try good.json["against"]?["result"] == "extends" && good.json["against"]?["signed_by"]?.string == publicKey)

      // Another key, a changed head, no head.
      _ = try await program.run("audit", "key", "--out", "other.key")
      let other = try await program.run("audit", "verify", "--against", "head.json", "--public-key", "other.key.pub", "-o", "json")
      #expect(other.status == 3)
      #expect(try other.json["reason"]?.string?.contains("another key") == true && other.json["against"]?["result"] == "invalid_signature")
      let head = try String(contentsOfFile: folder.path + "/head.json", encoding: .utf8)
      try folder.write("changed.json", head.replacing("\"position\": 5", with: "\"position\": 6"))
      let changed = try await program.run("audit", "verify", "--against", "changed.json", "-o", "json")
      #expect(changed.status == 3)
      #expect(try changed.json["verified"] == false && changed.json["reason"]?.string?.contains("signature") == true)
      #expect(try await program.run("audit", "verify", "--against", "head.key").status == 2)
      #expect(try await program.run("audit", "verify", "--against", "missing.json").status == 2)
      #expect(try await program.run("audit", "verify", "--public-key", "head.key.pub").status == 2)
    }
  }

  @Test func `another log, and one that was cut off, do not extend a head, and the file of heads is not replaced`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try await World.with { world in
      var program = world.program
      program.directory = folder.path
      try await world.version(1)
      try await world.project()
      #expect(try await program.run("audit", "head", "--out", "head.json").status == 0)
      try await World.with { another in
        var stranger = another.program
        stranger.directory = folder.path
        try await another.project()
        let shorter = try await stranger.run("audit", "verify", "--against", "head.json", "-o", "json")
        #expect(shorter.status == 3)
        #expect(try shorter.json["against"]?["result"] == "shorter")
        #expect(try shorter.json["reason"]?.string == "the log is shorter than the head: it ends at position 5, and position 11 was there")
        let refused = try await stranger.run("audit", "head", "--out", "head.json")
        #expect(refused.status == 3)
        #expect(refused.talk.contains("holds a head that this log does not contain"))
        try await another.version(2)
        try await another.version(3)
        try await another.project()
        let differs = try await stranger.run("audit", "verify", "--against", "head.json")
        #expect(differs.status == 3)
        #expect(differs.output == "NOT verified: the log does not extend the head: at position 11 it has another hash\n")
      }
      #expect(try await program.run("audit", "verify", "--against", "head.json").status == 0)
      #expect(try await program.run("audit", "head", "--out", "head.json", "--quiet").output.isEmpty)
    }
  }

  @Test func `exported events are verified without a database`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try await World.with { world in
      var program = world.program
      program.directory = folder.path
      try await world.version(1)
      try await world.project()
      #expect(try await program.run("audit", "head", "--out", "head.json").status == 0)
      let written = try await program.run("export", "events", "--out", "events.jsonl.gz", "-o", "json")
      #expect(written.status == 0, "\(written.talk)")
      #expect(try written.json["events"] == 11)
      let printed = try await program.run("export", "events", "--from", "4", "--to", "6")
      #expect(printed.output.split(separator: "\n").count == 4)
      try folder.write("part.jsonl", printed.output)

      let away = Program(directory: folder.path, environment: ["KEDGE_DATABASE_URL": "postgresql:///x?host=/nonexistent"])
      let good = try await away.run("audit", "verify", "--offline", "events.jsonl.gz", "--against", "head.json", "-o", "json")
      #expect(good.status == 0, "\(good.talk)")
      #expect(try good.json["verified"] == true && good.json["events"] == 11 && good.json["against"]?["result"] == "extends")
      #expect(try good.json["head"] == JSON(parsing: String(contentsOfFile: folder.path + "/head.json", encoding: .utf8)).head)
      #expect(try await away.run("audit", "verify", "--offline", "part.jsonl", "-o", "json").json["events"] == 3)
      let short = try await away.run("audit", "verify", "--offline", "part.jsonl", "--against", "head.json")
      #expect(short.status == 3)
      try folder.write("bad.jsonl", printed.output.replacing("kedge/test", with: "kedge/tost"))
      let bad = try await away.run("audit", "verify", "--offline", "bad.jsonl", "-o", "json")
      #expect(bad.status == 3)
      #expect(try bad.json["first_bad_position"] == 4 && bad.json["file"] == "bad.jsonl")
      #expect(try await away.run("audit", "verify", "--offline", "missing.jsonl").status == 2)
      #expect(try await away.run("audit", "verify", "--offline", "head.json").status == 2)
      #expect(try await away.run("audit", "verify", "--offline", "part.jsonl", "--from", "3").status == 2)
    }
  }

  @Test func `a projector exports heads by itself`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try await World.with { world in
      _ = try await Program(directory: folder.path).run("audit", "key", "--out", "head.key")
      let worker = Process()
      worker.executableURL = URL(fileURLWithPath: Program.path)
      worker.arguments = ["worker", "--role", "projector"]
      worker.currentDirectoryURL = URL(fileURLWithPath: folder.path)
      worker.environment = ProcessInfo.processInfo.environment.merging(
        ["KEDGE_DATABASE_URL": world.database.url, "KEDGE_HEAD_OUT": "file:heads.json", "KEDGE_HEAD_KEY": "head.key", "KEDGE_HEAD_EVERY": "1s"]) { $1 }
      worker.standardError = FileHandle.nullDevice
      worker.standardOutput = FileHandle.nullDevice
      try worker.run()
      defer { worker.terminate() }
      func exported() -> ChainHead? {
        (try? String(contentsOfFile: folder.path + "/heads.json", encoding: .utf8)).flatMap { try? ChainHead(JSON(parsing: $0)) }
      }
      #expect(try await eventually(within: .seconds(60)) { exported()?.position == 5 })
      try await world.version(1)
      // Policies may add to it.
      #expect(try await eventually(within: .seconds(60)) { exported()?.position ?? 0 >= 11 })
      #expect(exported()?.publicKey != nil && exported()?.signatureProblem() == nil)
      worker.terminate()
      #expect(try await eventually(within: .seconds(60)) { !worker.isRunning })
      let wrong = Program(database: world.database.url, environment: ["KEDGE_HEAD_OUT": "x", "KEDGE_HEAD_EVERY": "soon"])
      let answer = try await wrong.run("worker", "--role", "projector")
      #expect(answer.status == 2)
      #expect(answer.talk == "kedge: KEDGE_HEAD_EVERY=soon: expected a span of at least 1s, e.g. 1h\n")
    }
  }

  @Test func `a head is sent to a URL, and what the server says counts`() async throws {
    try await World.with { world in
      try await world.project()
      let server = try StubServer()
      let sent = try await world.program.run("audit", "head", "--out", server.url + "/echo/heads", "-o", "json")
      #expect(sent.status == 0, "\(sent.talk)")
      let http = try HTTPClient()
      defer { http.close() }
      let request = try JSON(parsing: try await http.send(HTTPRequest(.get, server.url + "/_requests")).body)[0]
      #expect(request?["method"] == "PUT" && request?["path"] == "/echo/heads")
      #expect(try JSON(parsing: request?["body"]?.string ?? "") == sent.json)
      let failed = try await world.program.run("audit", "head", "--out", server.url + "/status/503")
      #expect(failed.status == 1)
      #expect(failed.talk == "kedge: the URL at 127.0.0.1 answered with status 503\n")
      // Nobody listens there.
      let refused = try await world.program.run("audit", "head", "--out", "http://user:secret@127.0.0.1:9/heads")
      #expect(refused.status == 1)
      #expect(!refused.talk.contains("secret") && refused.talk.split(separator: "\n").count == 1)
    }
  }
}

extension JSON {
  /// Position and hash of a head's document.
  fileprivate var head: JSON { ["position": self["position"] ?? .null, "hash": self["hash"] ?? .null] }
}
