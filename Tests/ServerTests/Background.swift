import Foundation
import TestSupport
import Values

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
