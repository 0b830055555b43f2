import Foundation
import StubServer
import TestSupport
import Testing
import Values

/// `s3_server.py`, running: a real S3 server with a bucket `data`, which checks who signed. It ends when this object goes.
final class S3Server {
  /// What a client needs to know, as the usual variables.
  let environment: [String: String]
  private let process: Process
  private let input = Pipe()
  private let output = Pipe()
  /// What it says besides.
  private let log = NSTemporaryDirectory() + "kedge-s3-\(UUID().uuidString).log"

  /// With the end of what the server said.
  struct Failure: Error { let said: String }

  init() throws {
    let python = ProcessInfo.processInfo.environment["KEDGE_TEST_PYTHON"] ?? "python3"
    process = Program.process(python, [Bundle.module.resourcePath! + "/Models/s3_server.py"], in: NSTemporaryDirectory())
    process.standardInput = input
    process.standardOutput = output
    FileManager.default.createFile(atPath: log, contents: nil)
    process.standardError = FileHandle(forWritingAtPath: log)
    try process.run()
    let said = try JSON(parsing: S3Server.line(of: output, log))
    environment = [
      "AWS_ENDPOINT_URL": said["url"]?.string ?? "", "AWS_ACCESS_KEY_ID": said["access_key"]?.string ?? "",
      "AWS_SECRET_ACCESS_KEY": said["secret_key"]?.string ?? "", "AWS_REGION": "us-east-1",
    ]
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: log)
  }

  /// Stores an object.
  func put(_ key: String, _ text: String) throws {
    let file = NSTemporaryDirectory() + "kedge-s3-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    try input.fileHandleForWriting.write(contentsOf: Data("PUT \(key) \(file)\n".utf8))
    guard try S3Server.line(of: output, log) == "ok" else { throw Failure(said: "it did not store \(key)") }
  }

  /// The next line that it prints.
  private static func line(of output: Pipe, _ log: String) throws -> String {
    if let line = output.line() { return line }
    throw Failure(said: String(((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").suffix(1000)))
  }
}
