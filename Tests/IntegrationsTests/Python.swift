import Foundation
import StubServer
import Testing
import Values

/// The Python that `ops/setup` equips with the servers and models of others.
enum Python {
  static let path = ProcessInfo.processInfo.environment["KEDGE_TEST_PYTHON"] ?? "python3"

  static func script(_ name: String) -> String { URL(filePath: #filePath).deletingLastPathComponent().appending(path: name).standardized.path() }

  /// Whether it has these modules.
  static func has(_ modules: String) -> Bool { (try? finished(["-c", "import \(modules)"], input: ""))?.status == 0 }

  /// Runs a program to its end, on a thread of its own: those of the pool are for tests that look at the clock.
  static func run(_ arguments: [String], input: String) async throws -> (status: Int32, text: String) {
    try await onThread { try finished(arguments, input: input) }
  }

  private static func finished(_ arguments: [String], input: String) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [path, "-B"] + arguments
    // A file, so that neither side waits for the other.
    let file = FileManager.default.temporaryDirectory.appending(path: "kedge-input-\(UUID())")
    try Data(input.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}

/// Runs what blocks on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: .init(catching: body)) }
  }
}

/// aiosmtpd, running; it ends with the test process, or when this object goes.
final class MailServer: Sendable {
  let port: Int
  private let process: Process
  private let input = Pipe()
  let certificate: String?
  private let directory: URL
  /// Gone with this process.
  private static let base: URL = {
    atexit { try? FileManager.default.removeItem(at: MailServer.base) }
    return FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "kedge-mail-\(UUID().uuidString)")
  }()

  enum Failure: Error { case didNotStart }

  /// - Parameter isSecure: whether it demands STARTTLS and a password, with a certificate of its own for localhost.
  private init(isSecure: Bool) throws {
    directory = MailServer.base.appending(path: isSecure ? "secure" : "plain")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [Python.path, "-B", Python.script("mail_server.py"), directory.path()]
    if isSecure {
      let identity = try StubServer.Identity(selfSignedIn: directory)
      process.arguments! += [identity.certificate, identity.key]
      certificate = identity.certificate
    } else {
      certificate = nil
    }
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    guard let port = output.line().flatMap({ Int($0) }) else { throw Failure.didNotStart }
    self.port = port
  }

  var url: String { "smtp://localhost:\(port)" }

  /// The mails to a recipient, as Python's parser read them, in their order.
  func received(_ recipient: String) throws -> [JSON] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path()).compactMap { name in Int(name.replacing(".json", with: "")) }.sorted()
      .map { try JSON(parsing: Array(try Data(contentsOf: directory.appending(path: "\($0).json")))) }.filter {
        $0["to"]?.array?.contains(.string(recipient)) == true
      }
  }

  deinit { try? input.fileHandleForWriting.close() }

  /// One for all tests, which tell their mails by the recipients.
  static func shared(isSecure: Bool) async throws -> MailServer { try await (isSecure ? secure : plain).value }
  private static let secure = Task { try await onThread { try MailServer(isSecure: true) } }
  private static let plain = Task { try await onThread { try MailServer(isSecure: false) } }
}
