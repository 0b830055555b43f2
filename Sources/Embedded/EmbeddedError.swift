internal import Glibc

/// Why a private cluster cannot be had.
public enum EmbeddedError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No PostgreSQL server is installed that is new enough.
  case noServer(searched: [String], found: [Int])
  /// The data was made by a version that is not installed.
  case versionMissing(needed: Int, found: [Int], data: String)
  /// The user that the server runs as cannot enter the directory.
  case unreachable(path: String, user: String, blockedAt: String)
  /// The data belongs to somebody else.
  case ownedByAnother(path: String, owner: String)
  /// Something of that name is there, and it is not what it should be.
  case notOurs(path: String, expected: String)
  /// Another process runs a cluster in this directory.
  case alreadyRunning(directory: String)
  /// `initdb` failed.
  case initializationFailed(directory: String, output: String)
  /// The server ended instead of starting.
  case startFailed(directory: String, attempts: Int, log: String)
  /// The server did not accept connections in time.
  case startTimedOut(directory: String, after: Duration, log: String)
  /// A server that an earlier process left behind does not stop.
  case leftoverStays(pid: Int32, directory: String)
  /// The operating system refused something.
  case system(operation: String, path: String, reason: String)

  /// Whether what the user asked for is wrong (exit 2), not the machine.
  public var isBadInput: Bool {
    switch self {
    case .unreachable, .ownedByAnother, .notOurs, .versionMissing: true
    default: false
    }
  }

  /// What is wrong and what to do about it, on one line but for what PostgreSQL itself printed.
  public var description: String {
    switch self {
    case .noServer(let searched, let found):
      let versions = found.isEmpty ? "none" : "only " + found.map { "version \($0)" }.joined(separator: ", ")
      return "no PostgreSQL server of version \(ServerBinaries.oldest) or later is installed (\(versions) in \(searched.joined(separator: ", "))); "
        + "on Debian: apt-get install postgresql; or name a database with --database"
    case .versionMissing(let needed, let found, let data):
      return "\(data) was made by PostgreSQL \(needed), which is not installed (found: \(found.map(String.init).joined(separator: ", "))); "
        + "install it, or upgrade the data with pg_upgrade"
    case .unreachable(let path, let user, let blocked):
      return "the user \(user), which PostgreSQL runs as because it refuses to run as root, cannot enter \(path): \(blocked) is closed to it; "
        + "choose another --directory, or let others enter (chmod o+x \(blocked))"
    case .ownedByAnother(let path, let owner): return "\(path) belongs to the user \(owner); run as that user, or choose another --directory"
    case .notOurs(let path, let expected): return "\(path) is there and is not \(expected); move it away, or choose another --directory"
    case .alreadyRunning(let directory): return "another process runs the cluster in \(directory); stop it first, or choose another --directory"
    case .initializationFailed(let directory, let output): return "initdb failed in \(directory): \(output)"
    case .startFailed(let directory, let attempts, let log): return "PostgreSQL did not start in \(directory), tried \(attempts) times: \(log)"
    case .startTimedOut(let directory, let after, let log):
      return "PostgreSQL in \(directory) did not accept connections within \(after): \(log)"
    case .leftoverStays(let pid, let directory): return "the server \(pid) that was left behind in \(directory) does not stop; end it, then try again"
    case .system(let operation, let path, let reason): return "cannot \(operation) \(path): \(reason)"
    }
  }

  /// What the system call that just failed said.
  static func system(_ operation: String, _ path: String, _ code: Int32 = errno) -> EmbeddedError {
    .system(operation: operation, path: path, reason: String(cString: strerror(code)))
  }
}
