internal import Foundation
internal import Glibc

/// A lock on an open file ("open file description lock"): the kernel lets go of it when the file is closed, so also when the process is killed,
/// and it can be asked about without being taken.
///
/// Unchecked: the descriptor is behind the lock.
final class DirectoryLock: @unchecked Sendable {
  private let lock = NSLock()
  private var file: Int32

  // Linux's numbers, which glibc shows only with _GNU_SOURCE.
  private static let query: Int32 = 36
  private static let set: Int32 = 37

  /// - Parameter file: an open descriptor; closed by `release`.
  init(_ file: Int32) { self.file = file }

  deinit { release() }

  /// - Returns: false when another has it, or the system refused; `errno` says which.
  func take() -> Bool { control(DirectoryLock.set, F_WRLCK) != nil }

  var isTakenByAnother: Bool { control(DirectoryLock.query, F_WRLCK).map { $0.l_type != Int16(F_UNLCK) } ?? false }

  /// Lets go, also of copies of the descriptor that a child may hold for the moment between fork and exec. Safe to call twice.
  func release() {
    _ = control(DirectoryLock.set, F_UNLCK)
    lock.withLock {
      if file >= 0 { close(file) }
      file = -1
    }
  }

  private func control(_ command: Int32, _ type: Int32) -> flock? {
    lock.withLock {
      guard file >= 0 else { return nil }
      var whole = flock()
      whole.l_type = Int16(type)
      whole.l_whence = Int16(SEEK_SET)
      return fcntl(file, command, &whole) == 0 ? whole : nil
    }
  }
}
