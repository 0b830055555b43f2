internal import CLinux
internal import Foundation
internal import Glibc
public import Logging
internal import PostgreSQL

/// A PostgreSQL cluster of one's own in a directory: made when first started, reached through a socket that nobody else can open, gone with the
/// process that started it.
public enum EmbeddedCluster {
  /// Starts the cluster of a directory, and makes it first if there is none. A server that an earlier process left behind is stopped before.
  /// - Parameters:
  ///   - directory: made if it is not there.
  ///   - options: limits and settings.
  ///   - logger: told what is being done.
  /// - Returns: the cluster, accepting connections, with the database `kedge`.
  /// - Throws: `EmbeddedError`; `CancellationError`, after everything that was begun has been ended.
  public static func start(directory: String, options: EmbeddedOptions = EmbeddedOptions(), logger: Logger) async throws -> RunningCluster {
    let place = ClusterDirectory(directory)
    let user = try ServerUser.choose(data: place.data)
    try await place.prepare(for: user)
    let lock = try place.takeLock()
    do {
      let binaries = try await ServerBinaries.find(version: place.version, data: place.data)
      if let leftover = Postmaster(data: place.data) {
        if leftover.isAlive { logger.info("stopping the PostgreSQL that was left behind", metadata: ["pid": "\(leftover.pid)"]) }
        try await leftover.stop(directory: place.path)
      }
      try await remove(place.unfinished, as: user)
      let isNew = place.version == nil
      if isNew { try await initialize(place, user, binaries, options, logger) }
      let server = try await launch(place, user, binaries, options, logger)
      do {
        try await createDatabase(place, logger)
      } catch {
        await server.stop(within: options.stopTimeout)
        throw error
      }
      if isNew { writeOut(place.data) }
      return RunningCluster(place: place, version: binaries.version, server: server, lock: lock, options: options)
    } catch {
      lock.release()
      throw error
    }
  }

  /// The URL of the cluster that some process runs in a directory; nil when none does.
  public static func url(directory: String) -> String? {
    let place = ClusterDirectory(directory)
    return place.isRunning ? place.url : nil
  }

  // MARK: Making

  /// Makes the data beside its place and moves it there, so that an interruption leaves nothing half-made.
  private static func initialize(
    _ place: ClusterDirectory, _ user: ServerUser, _ binaries: ServerBinaries, _ options: EmbeddedOptions, _ logger: Logger
  ) async throws {
    logger.info("making a PostgreSQL \(binaries.version) cluster", metadata: ["directory": "\(place.data)"])
    let unfinished = place.unfinished
    // A data directory without a version is no cluster: an empty one may go, anything else is not ours to remove.
    if rmdir(place.data) != 0, errno != ENOENT { throw EmbeddedError.notOurs(path: place.data, expected: "a PostgreSQL data directory") }
    let command = [
      binaries.directory + "/initdb", "--no-sync", "--auth=trust", "--locale=C", "--encoding=UTF8", "--username=kedge_owner", "--pgdata=" + unfinished,
    ]
    do {
      let output = try await CommandOutput.run(user.running(command, endedBy: "KILL"), in: place.home, limit: options.startTimeout)
      guard output.exit == .code(0) else {
        let lines = output.text.split(separator: "\n").suffix(6).joined(separator: " | ")
        throw EmbeddedError.initializationFailed(directory: place.path, output: lines)
      }
    } catch {
      await Task { try? await remove(unfinished, as: user) }.value
      throw error
    }
    guard rename(unfinished, place.data) == 0 else { throw EmbeddedError.system("rename", unfinished) }
  }

  private static func remove(_ path: String, as user: ServerUser) async throws {
    // More than once: a child of the `initdb` that was killed may still be writing.
    for _ in 0..<10 where access(path, F_OK) == 0 {
      let output = try await CommandOutput.run(user.running(["rm", "-rf", "--", path], endedBy: "KILL"), in: "/")
      if output.exit != .code(0) { try await Task.sleep(for: .milliseconds(50)) }
    }
    guard access(path, F_OK) != 0 else { throw EmbeddedError.system(operation: "remove", path: path, reason: "rm failed") }
  }

  /// `initdb` does not wait for the disk; this does, beside what goes on.
  private static func writeOut(_ path: String) {
    let thread = Thread {
      let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard directory >= 0 else { return }
      _ = kedge_write_out(directory)
      close(directory)
    }
    thread.start()
  }

  private static func createDatabase(_ place: ClusterDirectory, _ logger: Logger) async throws {
    let client = PostgresClient(place.maintenanceURL, logger: logger)
    do {
      if try await client.query("select from pg_catalog.pg_database where datname = 'kedge'").isEmpty {
        try await client.query("create database kedge")
      }
      await client.close()
    } catch {
      await client.close()
      throw error
    }
  }

  // MARK: Starting

  /// A server that ends at once may have met what its predecessor left: its children, while they notice that it is gone. So a few tries.
  private static let attempts = 4

  private static func launch(
    _ place: ClusterDirectory, _ user: ServerUser, _ binaries: ServerBinaries, _ options: EmbeddedOptions, _ logger: Logger
  ) async throws -> ChildProcess {
    let (log, length) = try place.openLog()
    defer { close(log) }
    for attempt in 1...attempts {
      let command = user.running([binaries.directory + "/postgres", "-D", place.data] + settings(place, options), endedBy: "INT")
      let server = try await ChildProcess.start(command, in: place.data, output: log)
      let deadline = ContinuousClock.now + options.startTimeout
      while server.ended == nil {
        if let postmaster = Postmaster(data: place.data), postmaster.isReady { return server }
        if Task.isCancelled || ContinuousClock.now > deadline {
          await server.stop(within: options.stopTimeout)
          try Task.checkCancellation()
          throw EmbeddedError.startTimedOut(directory: place.path, after: options.startTimeout, log: LogTail.lines(of: place.log, from: length))
        }
        await server.wait(.milliseconds(5))
      }
      try Task.checkCancellation()
      if attempt < attempts {
        logger.info("PostgreSQL did not start, trying again", metadata: ["log": "\(LogTail.lines(of: place.log, from: length, 3))"])
        // 100, 200, 400 ms.
        try await Task.sleep(for: .milliseconds(100 << (attempt - 1)))
        if let leftover = Postmaster(data: place.data) { try await leftover.stop(directory: place.path) }
      }
    }
    throw EmbeddedError.startFailed(directory: place.path, attempts: attempts, log: LogTail.lines(of: place.log, from: length))
  }

  private static func settings(_ place: ClusterDirectory, _ options: EmbeddedOptions) -> [String] {
    let ours = [
      "listen_addresses": "", "port": "5432", "unix_socket_directories": place.socketDirectory, "unix_socket_permissions": "0700",
      "max_connections": "\(options.maximumConnections)", "cluster_name": "kedge", "timezone": "UTC", "log_timezone": "UTC", "jit": "off",
      "idle_in_transaction_session_timeout": "1h", "logging_collector": "off", "log_destination": "stderr", "log_line_prefix": "%m [%p] ",
    ]
    let all = ours.merging(options.settings) { $1 }
    return all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
  }
}

/// Limits and settings of a private cluster.
public struct EmbeddedOptions: Sendable {
  /// For the server to accept connections, which after a crash includes recovery; and for `initdb`.
  public var startTimeout: Duration = .seconds(120)
  /// For the server to stop in good order, before it is stopped the hard way, from which it recovers at the next start.
  public var stopTimeout: Duration = .seconds(20)
  /// The server's `max_connections`.
  public var maximumConnections = 100
  /// Settings of PostgreSQL, over those that Kedge makes.
  public var settings: [String: String] = [:]

  /// The defaults above.
  public init() {}
}
