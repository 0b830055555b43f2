internal import Glibc
internal import SystemPackage

/// The two ends of a supervisor's socket. The worker's is open as long as this object lives, and as long as the worker does: its closing is the sign.
final class SupervisorSocket: Sendable {
  let supervisorEnd: FileDescriptor
  private let workerEnd: FileDescriptor

  init() throws(Errno) {
    var descriptors: [Int32] = [-1, -1]
    // Close-on-exec from the start: another child that inherited the worker's end would hide the worker's death.
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &descriptors) == 0 else { throw Errno(rawValue: errno) }
    workerEnd = FileDescriptor(rawValue: descriptors[0])
    supervisorEnd = FileDescriptor(rawValue: descriptors[1])
  }

  deinit { try? workerEnd.close() }

  /// What has been reported so far; it does not wait.
  func readReports() -> [SupervisorReport] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(workerEnd.rawValue, &chunk, chunk.count, Int32(MSG_DONTWAIT))
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { SupervisorReport(line: $0) }
  }
}
