import Foundation
import TestSupport
import Testing
import Values

/// `kedge up` for real: a PostgreSQL of its own.
@Suite struct UpTests {
  @Test func `it starts, is found by its directory, stops on SIGTERM, and comes back after a kill`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    let program = Program(directory: folder.path)

    let first = try Running(folder)
    try await first.untilReady()
    let ready = try JSON(parsing: first.output.split(separator: "\n").first.map(String.init) ?? "")
    #expect(ready["ready"] == true)
    #expect(ready["url"]?.isNull == true)
    #expect(ready["database"]?.string?.hasPrefix("postgresql:///kedge?host=") == true)
    try folder.write("m.yaml", "kind: Model\nname: iris\ntask: classification\n")
    #expect(try await program.run("apply", "-f", "m.yaml").status == 0)
    #expect(try await eventually { try await program.run("get", "models", "-o", "name").output == "iris\n" })
    let roles = try await program.run("get", "workers", "-o", "json").json.items.first?["roles"]
    #expect(roles == ["deployer", "measurer", "notifier", "projector", "scheduler", "trainer"])
    let second = try await program.run("up")
    #expect(second.status == 1)
    #expect(second.talk.contains("another process runs the cluster"))

    first.signal(SIGKILL)
    try await first.untilEnded()
    let third = try Running(folder)
    try await third.untilReady()
    #expect(try await program.run("audit", "verify").status == 0)
    #expect(try await program.run("get", "models", "-o", "name").output == "iris\n")
    third.signal(SIGTERM)
    try await third.untilEnded()
    #expect(third.status == 0)
    let gone = try await program.run("get", "models")
    #expect(gone.status == 1)
    #expect(
      gone.talk == "kedge: no database: no instance runs in .kedge; start one with `kedge up`, or name a database with --database or KEDGE_DATABASE_URL\n")
  }

  @Test func `variables of .env are read, and mistakes in it are named`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write(".env", "# comment\nexport A=b\n\nthis is wrong\n")
    let answer = try await Program(directory: folder.path).run("worker", "--role", "notifier")
    #expect(answer.status == 2)
    #expect(answer.talk == "kedge: \(folder.path)/.env:4: this is no variable; write NAME=VALUE\n")
    try folder.write(".env", "KEDGE_DATABASE_URL='postgresql:///kedge?host=/nonexistent/of/env&connect_timeout=1'\n")
    let unreachable = try await Program(directory: folder.path).run("worker", "--role", "notifier")
    #expect(unreachable.status == 1)
    #expect(unreachable.talk.contains("/nonexistent/of/env"))
  }
}

/// `kedge up` in a folder, while it runs.
private final class Running: @unchecked Sendable {
  // Only the test's own task uses it.
  private let process = Process()
  private let file: String

  init(_ folder: Folder) throws {
    file = folder.path + "/up-\(UUID().uuidString).out"
    FileManager.default.createFile(atPath: file, contents: nil)
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = ["up", "-o", "json"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("KEDGE_") }
    process.standardOutput = FileHandle(forWritingAtPath: file)
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  var output: String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
  var status: Int32 { process.terminationStatus }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  func untilReady() async throws {
    #expect(try await eventually(within: .seconds(120)) { output.hasSuffix("\n") || !process.isRunning })
  }

  func untilEnded() async throws {
    #expect(try await eventually(within: .seconds(60)) { !process.isRunning })
  }
}
