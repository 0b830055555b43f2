internal import Glibc

/// A private cluster that runs, until it is stopped or this process ends.
public final class RunningCluster: Sendable {
  /// `postgresql:///kedge?host=…&user=kedge_owner`, for the superuser.
  public let url: String
  /// The directory, absolute.
  public let directory: String
  /// PostgreSQL's major version.
  public let version: Int
  private let place: ClusterDirectory
  private let server: ChildProcess
  private let lock: DirectoryLock
  private let options: EmbeddedOptions

  init(place: ClusterDirectory, version: Int, server: ChildProcess, lock: DirectoryLock, options: EmbeddedOptions) {
    self.place = place
    self.version = version
    self.server = server
    self.options = options
    self.lock = lock
    url = place.url
    directory = place.path
  }

  /// Stops the server in good order: open transactions are rolled back, everything is written. Safe to call twice. Cancellation does not cut it short.
  public func stop() async {
    await server.stop(within: options.stopTimeout)
    if !place.hasSocketInside { rmdir(place.socketDirectory) }
    lock.release()
  }

  /// Waits until the server has ended, by `stop` or by itself; returns early when the task is cancelled.
  /// - Returns: the last lines of the server's log, when it ended by itself with an error; nil otherwise.
  public func waitUntilStopped() async -> String? {
    guard let exit = await server.wait(), exit != .code(0) else { return nil }
    return LogTail.lines(of: place.log, from: 0)
  }
}

extension ChildProcess {
  /// Ends a PostgreSQL server: SIGINT (open transactions are rolled back), after the time SIGQUIT, then SIGKILL.
  func stop(within limit: Duration) async {
    // A task of its own: the caller's may be cancelled, and the server has to be stopped all the same.
    await Task {
      for (signal, limit) in [(SIGINT, limit), (SIGQUIT, .seconds(5)), (SIGKILL, .seconds(5))] {
        send(signal)
        if await wait(limit) != nil { return }
      }
    }.value
  }
}
