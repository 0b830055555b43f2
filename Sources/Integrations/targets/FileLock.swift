internal import Glibc
internal import SystemPackage

/// An exclusive lock (`flock`) between processes, which the kernel releases when its holder dies.
final class FileLock {
  private let file: FileDescriptor

  /// Waits for it, at most so long.
  /// - Throws: `TargetFailure.locked`, naming the holder; `CancellationError`.
  init(path: String, timeout: Duration, _ cancellation: Cancellation) throws {
    let opened: FileDescriptor
    do {
      opened = try FileDescriptor.open(FilePath(path), .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch { throw Files.failure("open", path, error as? Errno) }
    let deadline = ContinuousClock.now + timeout
    while flock(opened.rawValue, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      do {
        guard code == EWOULDBLOCK || code == EINTR else { throw Files.failure("lock", path, Errno(rawValue: code)) }
        guard ContinuousClock.now < deadline else { throw TargetFailure.locked(path: path, holder: FileLock.holder(opened)) }
        try cancellation.check()
      } catch {
        try? opened.close()
        throw error
      }
      usleep(10_000)
    }
    file = opened
    // For the message that somebody else may get.
    var host = [CChar](repeating: 0, count: 256)
    gethostname(&host, host.count - 1)
    let note = "process \(getpid()) of \(String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))"
    ftruncate(file.rawValue, 0)
    _ = try? file.writeAll(toAbsoluteOffset: 0, note.utf8)
  }

  /// Lets others have it. Without this the kernel does it when the process ends.
  func release() { try? file.close() }

  private static func holder(_ file: FileDescriptor) -> String {
    var bytes = [UInt8](repeating: 0, count: 300)
    let count = (try? bytes.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 0, into: $0) }) ?? 0
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : "an unknown process"
  }
}
