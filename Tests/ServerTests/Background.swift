import Foundation
import TestSupport
import Values

/// A program that runs beside a test, and ends with it.
final class Background: @unchecked Sendable {
  // Only the test's own task uses it.
  private let process = Process()
  private let log: URL

  /// Starts it; what it says goes to a file.
  init(_ program: String, _ arguments: String..., in directory: URL) throws {
    log = directory.appendingPathComponent("\(program).log")
    try Data().write(to: log)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.currentDirectoryURL = directory
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: log)
    process.standardError = process.standardOutput
    try process.run()
  }

  /// What it said so far.
  var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  func end() { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  deinit { end() }

  /// A port of 127.0.0.1 that nobody listened on a moment ago.
  static func freePort() -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        guard bind(descriptor, pointer, length) == 0, getsockname(descriptor, pointer, &length) == 0 else { return 0 }
        return Int(UInt16(bigEndian: UnsafeRawPointer(pointer).load(as: sockaddr_in.self).sin_port))
      }
    }
  }
}

/// A directory of one test.
struct Scratch {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("kedge-server-\(UUID().lowercased)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  func remove() { try? FileManager.default.removeItem(at: url) }
}

/// The files of `ops/`.
enum Ops {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "ops")

  static func text(_ path: String) throws -> String { try String(contentsOf: folder.appending(path: path), encoding: .utf8) }

  /// Runs a program to its end.
  static func run(_ program: String, _ arguments: [String], input: String? = nil) throws -> (status: Int32, text: String) {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let file = scratch.url.appending(path: "input")
    try Data((input ?? "").utf8).write(to: file)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    while process.isRunning { usleep(1000) }
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
}
