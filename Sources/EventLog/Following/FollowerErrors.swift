internal import PostgreSQL

/// Why a process does not go on driving a follower, or a follower does not go on.
public enum FollowerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Another process drives it.
  case held(follower: String)
  /// Another process has taken it over, or its checkpoint was moved.
  case takenOver(follower: String)
  /// The log has another event at the checkpoint than the one that was read.
  case anotherLog(follower: String, position: Int64)
  /// The stream is not halted for this follower.
  case notHalted(follower: String, stream: String)

  /// For people.
  public var description: String {
    switch self {
    case .held(let follower): "another process drives \(follower)"
    case .takenOver(let follower): "another process has taken \(follower) over, or its checkpoint was moved"
    case .anotherLog(let follower, let position):
      "\(follower) has read up to position \(position), and the log has another event there, or none: an older copy of the database was put back; "
        + "run kedge audit verify, then rebuild the projection"
    case .notHalted(let follower, let stream): "stream \(stream) is not halted for \(follower)"
    }
  }
}

/// Whether trying again may help: the error says nothing about the events.
package func mayPass(_ error: any Error) -> Bool {
  switch error {
  case is ConnectionLost, is ConnectionRefused, is PostgresUsageError, is CancellationError, is VersionConflict, is FollowerError: true
  // Connection, transaction state, deadlock, missing table or right, resources, locks, operator, system.
  case let error as PostgresError: ["08", "25", "40", "42", "53", "55", "57", "58", "XX"].contains(error.sqlState.category)
  default: false
  }
}
