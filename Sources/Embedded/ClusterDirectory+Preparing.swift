internal import Foundation
internal import Glibc

extension ClusterDirectory {
  /// Makes the directories, and sees to it that the server's user, and nobody else, can use them.
  /// - Throws: `EmbeddedError.unreachable`, `.ownedByAnother`, `.notOurs`, `.system`.
  func prepare(for user: ServerUser) async throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw EmbeddedError.system(operation: "create", path: path, reason: error.localizedDescription)
    }
    if user.isAnother { try await checkReach(of: user) }
    try makePrivate(home, for: user)
    try makePrivate(socketDirectory, for: user)
  }

  /// A directory of the user alone: made, or found to be just that.
  private func makePrivate(_ directory: String, for user: ServerUser) throws(EmbeddedError) {
    if mkdir(directory, 0o700) == 0 {
      guard chmod(directory, 0o700) == 0, !user.isAnother || lchown(directory, user.uid, user.gid) == 0 else {
        throw .system("make private", directory)
      }
      return
    }
    guard errno == EEXIST else { throw .system("create", directory) }
    var status = stat()
    guard lstat(directory, &status) == 0 else { throw .system("look at", directory) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .notOurs(path: directory, expected: "a directory") }
    guard status.st_uid == user.uid else {
      let owner = getpwuid(status.st_uid).map { String(cString: $0.pointee.pw_name) } ?? "\(status.st_uid)"
      throw .ownedByAnother(path: directory, owner: owner)
    }
    if status.st_mode & 0o077 != 0 || status.st_mode & 0o700 != 0o700, chmod(directory, 0o700) != 0 { throw .system("make private", directory) }
  }

  /// Whether the user can get to the directory: asked of the kernel, as that user, because permissions are not all that counts.
  private func checkReach(of user: ServerUser) async throws {
    func canEnter(_ path: String) async throws -> Bool {
      try await CommandOutput.run(user.running(["test", "-x", path], endedBy: "KILL"), in: "/").exit == .code(0)
    }
    guard try await !canEnter(path) else { return }
    var parts = path.split(separator: "/")[...]
    var blocked = path
    while !parts.isEmpty {
      let ancestor = "/" + parts.joined(separator: "/")
      if try await canEnter(ancestor) { break }
      blocked = ancestor
      parts = parts.dropLast()
    }
    throw EmbeddedError.unreachable(path: path, user: user.name, blockedAt: blocked)
  }

  /// Holds the directory for this process, until it is released or the process ends, however it ends.
  /// - Throws: `EmbeddedError.alreadyRunning`.
  func takeLock() throws(EmbeddedError) -> DirectoryLock {
    let file = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw .system("open", lock) }
    let held = DirectoryLock(file)
    guard held.take() else {
      let code = errno
      held.release()
      if code == EAGAIN || code == EACCES { throw .alreadyRunning(directory: path) }
      throw .system("lock", lock, code)
    }
    return held
  }

  /// Whether some process runs the cluster now. Asking takes no lock, so that it never keeps one from starting.
  var isRunning: Bool {
    let file = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return false }
    let asking = DirectoryLock(file)
    defer { asking.release() }
    return asking.isTakenByAnother
  }

  /// The server's log, for appending; one that has grown large is put aside first.
  /// - Returns: a descriptor and the length of what is there.
  func openLog() throws(EmbeddedError) -> (file: Int32, length: Int) {
    var status = stat()
    if lstat(log, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 16 << 20 { rename(log, log + ".old") }
    let file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw .system("open", log) }
    return (file, max(0, Int(lseek(file, 0, SEEK_END))))
  }
}
