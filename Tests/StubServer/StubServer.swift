internal import Foundation

/// `stub_server.py`, running: a real HTTP server for one test or suite. It ends with the test process, or when this object goes.
public final class StubServer: Sendable {
  /// `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
  public let url: String
  private let process: Process
  private let input: Pipe

  /// What a certificate for the server is made of.
  public struct Identity: Sendable {
    /// PEM; also what a client must trust.
    public let certificate: String
    public let key: String

    public init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  public enum Failure: Error { case didNotStart }

  /// Starts it and waits until it answers.
  public init(tls identity: Identity? = nil) throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "stub_server.py").path()
    process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", script] + (identity.map { ["--tls", $0.certificate, $0.key] } ?? [])
    let output = Pipe()
    input = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    guard let port = output.line() else { throw Failure.didNotStart }
    url = identity == nil ? "http://127.0.0.1:\(port)" : "https://localhost:\(port)"
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
