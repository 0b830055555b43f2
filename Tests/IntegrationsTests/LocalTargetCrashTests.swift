import Foundation
import Glibc
import HTTPTransport
import Integrations
import StubServer
import Testing
import Values

/// Deployers that are killed or stopped between any two steps.
struct LocalTargetCrashTests {
  static let steps = ["locked", "tokenKept", "trafficPrepared", "trafficReplaced", "linkPrepared", "linkReplaced", "confirmed"]

  @Test(arguments: steps, [2, 3])
  func `killed at any step, what is there is whole, and doing it again ends well`(step: String, retryToken: Int64) async throws {
    let deployment = try Deployment()
    let health = try deployment.following()
    try await deployment.target(health: health).shift(to: deployment.plan(1, 2), token: 1)
    let (process, _) = try deployment.deployer(["deploy", deployment.directory.path, health, "2", step, "kill", "risk/fraud/2"])
    await process.ended()
    #expect(process.terminationReason == .uncaughtSignal)
    let traffic = try deployment.traffic
    #expect(traffic == deployment.expected(deployment.plan(1, 2), 1) || traffic == deployment.expected(deployment.plan(2), 2))
    #expect(["1", "2"].contains(try deployment.directory.read("current/model.bin")))

    try await deployment.target(health: health).shift(to: deployment.plan(2), token: retryToken)
    #expect(try deployment.traffic == deployment.expected(deployment.plan(2), Int(retryToken)))
    #expect(deployment.link == "versions/risk/fraud/2")
    #expect(try FileManager.default.contentsOfDirectory(atPath: deployment.directory.path).sorted() == [".deploy", "current", "traffic.json", "versions"])
  }

  @Test(arguments: steps)
  func `killed at any step, a later failure still puts back what was confirmed`(step: String) async throws {
    let deployment = try Deployment()
    let health = try deployment.following()
    try await deployment.target(health: health).shift(to: deployment.plan(1), token: 1)
    let (process, _) = try deployment.deployer(["deploy", deployment.directory.path, health, "2", step, "kill", "risk/fraud/2"])
    await process.ended()
    let target = deployment.target(health: "\(try Stub.url)/status/503", healthTimeout: .milliseconds(60))
    let failure = try await deployment.failure { try await target.shift(to: deployment.plan(2), token: 3) }
    guard case .notConfirmed = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    // What was confirmed before the crash was confirmed.
    #expect(try deployment.traffic == deployment.expected(step == "confirmed" ? deployment.plan(2) : deployment.plan(1), 3))
  }

  @Test(arguments: steps.dropLast())
  func `killed at any step of a first deployment, doing it again ends well`(step: String) async throws {
    let deployment = try Deployment()
    let health = try deployment.following()
    let (process, _) = try deployment.deployer(["deploy", deployment.directory.path, health, "1", step, "kill", "risk/fraud/1"])
    await process.ended()
    try await deployment.target(health: health).shift(to: deployment.plan(1), token: 1)
    #expect(try deployment.traffic == deployment.expected(deployment.plan(1), 1))
    #expect(deployment.link == "versions/risk/fraud/1")
  }

  @Test func `a zombie that wakes after it was overtaken moves nothing`() async throws {
    let deployment = try Deployment()
    let path = "/status/503?body=\(UUID())"
    let health = try Stub.url + path
    let (zombie, output) = try deployment.deployer(["deploy", deployment.directory.path, health, "1", "never", "stop", "risk/fraud/1"])
    // It waits for the server, and does not hold the lock.
    #expect(try await eventually { try await !Stub.requests(to: path, deployment.http).isEmpty })
    kill(zombie.processIdentifier, SIGSTOP)
    try await deployment.target(health: try deployment.following()).shift(to: deployment.plan(2), token: 2)
    kill(zombie.processIdentifier, SIGCONT)
    await zombie.ended()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(said.contains("the fencing token 1 is stale: 2 has been seen"))
    #expect(try deployment.traffic == deployment.expected(deployment.plan(2), 2))
    #expect(deployment.link == "versions/risk/fraud/2")
  }

  @Test func `a deployer stopped inside the lock is named, and blocks nobody for ever`() async throws {
    let deployment = try Deployment()
    let (stopped, _) = try deployment.deployer(["deploy", deployment.directory.path, "", "1", "tokenKept", "stop", "risk/fraud/1"])
    defer { kill(stopped.processIdentifier, SIGKILL) }
    #expect(await eventually { deployment.directory.exists(".deploy/memory.json") })
    let hasty = deployment.target(health: nil, lockTimeout: .milliseconds(50))
    let failure = try await deployment.failure { try await hasty.shift(to: deployment.plan(2), token: 2) }
    guard case .locked(let path, let holder) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(path == "\(deployment.directory.path)/.deploy/lock")
    #expect(holder.hasPrefix("process \(stopped.processIdentifier) of "))
    #expect(failure?.isRetryable == true)
    kill(stopped.processIdentifier, SIGKILL)
    await stopped.ended()
    try await hasty.shift(to: deployment.plan(2), token: 2)
    #expect(try deployment.traffic == deployment.expected(deployment.plan(2), 2))
  }
}

struct PlacingTests {
  private let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  private func artifact(
    _ directory: TemporaryDirectory, version: String = "risk/fraud/3", fileName: String = "model.bin", sha256: String? = nil
  ) throws -> ModelArtifact {
    try directory.write("source", "abc")
    return ModelArtifact(version: version, file: "\(directory.path)/source", fileName: fileName, sha256: sha256 ?? self.sha256)
  }

  private func place(_ artifact: ModelArtifact, in directory: TemporaryDirectory) async throws -> PlacedVersion {
    let http = try HTTPClient()
    return try await LocalTarget(directory: "\(directory.path)/live//", health: nil, http: http).place(artifact)
  }

  @Test func `an artifact is copied, verified and readable by all`() async throws {
    let directory = try TemporaryDirectory()
    let placed = try await place(artifact(directory), in: directory)
    #expect(placed == PlacedVersion(version: "risk/fraud/3", path: "\(directory.path)/live/versions/risk/fraud/3/model.bin", sha256: sha256))
    #expect(try directory.read("live/versions/risk/fraud/3/model.bin") == "abc")
    let mode = try FileManager.default.attributesOfItem(atPath: placed.path)[.posixPermissions] as? Int
    #expect(mode == 0o644)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/live/versions/risk/fraud/3") == ["model.bin"])
  }

  @Test func `a whole copy stays as it is, and a damaged one is replaced`() async throws {
    let directory = try TemporaryDirectory()
    let placed = try await place(artifact(directory), in: directory)
    func inode() throws -> Int? { try FileManager.default.attributesOfItem(atPath: placed.path)[.systemFileNumber] as? Int }
    let first = try inode()
    #expect(try await place(artifact(directory), in: directory) == placed)
    #expect(try inode() == first)
    try directory.write("live/versions/risk/fraud/3/model.bin", "damaged")
    #expect(try await place(artifact(directory), in: directory) == placed)
    #expect(try directory.read("live/versions/risk/fraud/3/model.bin") == "abc")
  }

  @Test func `a wrong checksum is refused and leaves nothing`() async throws {
    let directory = try TemporaryDirectory()
    let wrong = String(repeating: "0", count: 64)
    await #expect(throws: TargetFailure.checksumMismatch(version: "risk/fraud/3", expected: wrong, found: sha256)) {
      _ = try await place(artifact(directory, sha256: wrong), in: directory)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/live/versions/risk/fraud/3").isEmpty)
  }

  @Test(arguments: ["../3", "risk/../../etc/3", "/etc/3", "risk//3", ".risk/3", "3", "risk/three", "Risk/3", "risk/3/", "risk/fr aud/3", "risk\0/3"])
  func `a version that is no MODEL/N is refused`(version: String) async throws {
    let directory = try TemporaryDirectory()
    await #expect(throws: TargetFailure.invalid("\"\(version)\" is not a version: it must be MODEL/N")) {
      _ = try await place(artifact(directory, version: version), in: directory)
    }
  }

  @Test(arguments: ["", ".", "..", "a/b", "../x", ".hidden"])
  func `a file name that leads elsewhere is refused`(name: String) async throws {
    let directory = try TemporaryDirectory()
    await #expect(throws: TargetFailure.invalid("\"\(name)\" cannot be the name of an artifact's file")) {
      _ = try await place(artifact(directory, fileName: name), in: directory)
    }
  }

  @Test func `a file that cannot be read, or a full path that is no directory, is named`() async throws {
    let directory = try TemporaryDirectory()
    let gone = ModelArtifact(version: "m/1", file: "\(directory.path)/gone", fileName: "f", sha256: sha256)
    await #expect(throws: TargetFailure.files("cannot open \(directory.path)/gone: No such file or directory")) { _ = try await place(gone, in: directory) }
    try directory.write("live/versions/risk/fraud/3", "a file")
    await #expect { _ = try await place(artifact(directory), in: directory) } throws: { "\($0)".contains("live/versions/risk/fraud/3") }
  }

  @Test(arguments: ["copied", "placed"])
  func `killed in a copy, doing it again ends well, and what was left is removed in the end`(step: String) async throws {
    let directory = try TemporaryDirectory()
    let artifact = try artifact(directory)
    let process = Process()
    process.executableURL = URL(filePath: Attempt.fixture)
    process.arguments = ["copy", "\(directory.path)/live", artifact.file, sha256, step]
    try process.run()
    await process.ended()
    #expect(process.terminationReason == .uncaughtSignal)
    #expect(directory.exists("live/versions/risk/fraud/3/model.bin") == (step == "placed"))
    let folder = "\(directory.path)/live/versions/risk/fraud/3"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasPrefix(".model.bin.") {
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -7200)], ofItemAtPath: "\(folder)/\(name)")
    }
    _ = try await place(artifact, in: directory)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.bin"])
  }
}
