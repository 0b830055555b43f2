internal import Glibc
public import Foundation

/// A program that runs beside a test, and ends with it.
public final class Background: @unchecked Sendable {
  // Only the test's own task uses it.
  private let process = Process()
  private let log: URL

  /// Starts it; what it says goes to a file.
  public init(_ program: String, _ arguments: String..., in directory: URL) throws {
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
  public var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  public func end() { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  deinit { end() }

  /// A port of 127.0.0.1 that nobody listened on a moment ago.
  public static func freePort() -> Int {
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
