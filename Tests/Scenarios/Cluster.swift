import Embedded
import Foundation
import Logging
import PostgreSQL
import TestSupport
import Testing

/// A PostgreSQL cluster of one test, to be killed, copied or promoted: `kedge up`'s, in a directory that is removed in the end.
final class Cluster: @unchecked Sendable {
  /// What a test changes of the settings. Without waiting for the disk, unless the test is about what is on it.
  enum Durability { case none, full }

  /// What everything of the test lies in.
  let directory: String
  /// Of the database `kedge`, for the superuser.
  let url: String
  /// The directory of the socket.
  let host: String
  private let options: EmbeddedOptions
  private let lock = NSLock()
  /// Guarded by `lock`.
  private var running: RunningCluster?

  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private init(_ directory: String, _ options: EmbeddedOptions) async throws {
    (self.directory, self.options) = (directory, options)
    let running = try await EmbeddedCluster.start(directory: directory, options: options, logger: Cluster.logger)
    (self.running, url) = (running, running.url)
    host = String(url.split(separator: "host=")[1].prefix { $0 != "&" })
  }

  /// Runs `body` with a new cluster whose database is migrated, and ends and removes it.
  static func with<Result>(
    _ durability: Durability = .none, _ settings: [String: String] = [:], _ body: (Cluster) async throws -> Result
  ) async throws -> Result {
    try await clusters.pass {
      try await Cluster.inDirectory { directory async throws in
        let cluster = try await Cluster(directory, options(durability, settings))
        return try await cluster.thenStop {
          let answer = try await Program(url: cluster.url, directory: "/").run("migrate")
          try #require(answer.status == 0, "\(answer.err)")
          return try await body(cluster)
        }
      }
    }
  }

  /// Runs `body` with another cluster, new and empty, of the same settings.
  func withAnother<Result>(_ body: (Cluster) async throws -> Result) async throws -> Result {
    try await Cluster.inDirectory { directory async throws in
      let cluster = try await Cluster(directory, options)
      return try await cluster.thenStop { try await body(cluster) }
    }
  }

  /// Runs `body` with a standby of this cluster that follows it.
  func withStandby<Result>(_ body: (Cluster) async throws -> Result) async throws -> Result {
    try await Cluster.inDirectory { directory async throws in
      // A place as `kedge up` would make it.
      let home = directory + "/postgresql"
      let isRoot = geteuid() == 0
      try await Cluster.command(["install", "-d", "-m", "700"] + (isRoot ? ["-o", "postgres", "-g", "postgres"] : []) + [home])
      try await Cluster.command(
        Cluster.asServerUser([try Cluster.binary("pg_basebackup"), "-h", host, "-U", "kedge_owner", "-D", home + "/data", "-R", "-X", "stream", "-c", "fast"]))
      let standby = try await Cluster(directory, options)
      return try await standby.thenStop { try await body(standby) }
    }
  }

  private func thenStop<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      let result = try await body()
      await stop()
      return result
    } catch {
      await stop()
      throw error
    }
  }

  private static func inDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    // Short, because a socket's path has at most 107 bytes, and open to the server's user.
    let directory = "\(NSTemporaryDirectory())/kedge-cluster-\(UUID().uuidString.prefix(8))".replacing("//", with: "/")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await body(directory)
  }

  private static func options(_ durability: Durability, _ settings: [String: String]) -> EmbeddedOptions {
    var options = EmbeddedOptions()
    options.maximumConnections = 300
    options.startTimeout = .seconds(600)
    options.settings = settings
    if durability == .none { options.settings["fsync"] = "off" }
    return options
  }

  // MARK: what is done to it

  /// How PostgreSQL is ended without a word to anybody.
  enum Kill: CaseIterable, Sendable {
    /// The postmaster goes, its children notice.
    case sigkill
    /// `pg_ctl stop -m immediate`.
    case immediate
  }

  /// Ends it, and waits until it has ended.
  func kill(_ way: Kill) async throws {
    let running = try #require(lock.withLock { self.running })
    let text = try String(contentsOfFile: directory + "/postgresql/data/postmaster.pid", encoding: .utf8)
    let pid = try #require(pid_t(text.split(separator: "\n")[0]))
    Foundation.kill(pid, way == .sigkill ? SIGKILL : SIGQUIT)
    _ = await running.waitUntilStopped()
    await stop()
  }

  /// Ends it in good order.
  func stop() async {
    let running = lock.withLock {
      defer { self.running = nil }
      return self.running
    }
    await running?.stop()
  }

  /// Starts it again; it recovers.
  func start() async throws {
    let running = try await EmbeddedCluster.start(directory: directory, options: options, logger: Cluster.logger)
    lock.withLock { self.running = running }
  }

  /// Runs `body` with a client of its own.
  /// - Parameter url: nil is this cluster's.
  func withClient<Result>(_ url: String? = nil, options: PostgresOptions = .patient, _ body: (PostgresClient) async throws -> Result) async throws -> Result {
    let client = PostgresClient(url ?? self.url, options: options, logger: Cluster.logger)
    do {
      let result = try await body(client)
      await client.close()
      return result
    } catch {
      await client.close()
      throw error
    }
  }

  // MARK: PostgreSQL's programs

  /// A program of PostgreSQL's newest installed version.
  static func binary(_ name: String) throws -> String {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql"))?.compactMap(Int.init).sorted() ?? []
    let paths = versions.reversed().map { "/usr/lib/postgresql/\($0)/bin/\(name)" } + ["/usr/bin/\(name)", "/usr/sbin/\(name)"]
    return try #require(paths.first { FileManager.default.isExecutableFile(atPath: $0) }, "\(name) is not installed; ops/setup does it")
  }

  /// PostgreSQL refuses to run as root, and so does PgBouncer.
  static func asServerUser(_ command: [String]) -> [String] {
    geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] + command : command
  }

  /// Runs a command to its end, which must be a good one.
  static func command(_ command: [String]) async throws {
    let answer = try await Program.run(Program.process("/usr/bin/env", command, in: "/tmp"))
    try #require(answer.status == 0, "\(command.joined(separator: " ")): \(answer.err)")
  }

  /// Tests with clusters at a time: each is a handful of processes.
  private static let clusters = Turnstile(3)
}

extension PostgresOptions {
  /// Of somebody who knows that the server comes back.
  static let patient: PostgresOptions = {
    var options = PostgresOptions()
    options.waitForServer = .seconds(600)
    options.acquireTimeout = .seconds(600)
    options.maximumConnections = 20
    options.applicationName = "test"
    return options
  }()
}
