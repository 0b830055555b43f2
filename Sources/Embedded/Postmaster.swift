internal import Foundation
internal import Glibc

/// The server that a data directory's `postmaster.pid` speaks of.
struct Postmaster: Hashable, Sendable {
  /// Its process, if the file names one; else 0, which no process has.
  var pid: pid_t
  private var file: String

  /// What the file says; nil when there is none.
  /// - Parameter data: the data directory.
  init?(data: String) {
    file = data + "/postmaster.pid"
    guard access(file, F_OK) == 0 else { return nil }
    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    pid = text.split(separator: "\n").first.flatMap { pid_t($0) } ?? 0
  }

  /// Whether it accepts connections.
  var isReady: Bool {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return false }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.count > 7 && lines[7].hasPrefix("ready")
  }

  /// Whether a process with that number runs, and is a server of that data directory. A zombie does not run; after a restart of the machine
  /// the number may be anybody's.
  var isAlive: Bool {
    guard pid > 1, let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), let end = status.lastIndex(of: ")") else { return false }
    let state = status[end...].dropFirst(2).first
    guard state != "Z", state != "X" else { return false }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { $0.baseAddress.map { readlink("/proc/\(pid)/cwd", $0, 4096) } ?? -1 }
    guard count > 0 else { return false }
    return String(decoding: buffer[..<count], as: UTF8.self) == (file as NSString).deletingLastPathComponent
  }

  /// Stops a server that an earlier process left behind, and takes away what would keep the next from starting.
  /// - Throws: `EmbeddedError.leftoverStays`.
  func stop(directory: String) async throws {
    for (signal, limit) in [(SIGINT, 15.0), (SIGQUIT, 10.0), (SIGKILL, 5.0)] where isAlive {
      kill(pid, signal)
      let deadline = ContinuousClock.now + .seconds(limit)
      while isAlive, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
    }
    guard !isAlive else { throw EmbeddedError.leftoverStays(pid: pid, directory: directory) }
    // The server asks only whether the number is in use, and a zombie, or a stranger with the same number, uses it.
    if Postmaster(data: (file as NSString).deletingLastPathComponent)?.pid == pid { unlink(file) }
  }
}
