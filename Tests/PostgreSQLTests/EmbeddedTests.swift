import Embedded
import Foundation
import Logging
import PostgreSQL
import TestSupport
import Testing

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs `body` with a directory that a server's user can enter, and removes it.
private func withDirectory<Result>(_ name: String = "cluster", _ body: (String) async throws -> Result) async throws -> Result {
  let parent = "/tmp/kedge-embedded-\(UUID().uuidString.prefix(8))"
  try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
  defer { try? FileManager.default.removeItem(atPath: parent) }
  return try await body(parent + "/" + name)
}

/// Runs `body` with a cluster that is running, and a client of it, and stops it.
private func withCluster<Result>(
  _ directory: String, options: EmbeddedOptions = fast, _ body: (RunningCluster, PostgresClient) async throws -> Result
) async throws -> Result {
  let cluster = try await EmbeddedCluster.start(directory: directory, options: options, logger: quiet)
  let client = PostgresClient(cluster.url, logger: quiet)
  do {
    let result = try await body(cluster, client)
    await client.close()
    await cluster.stop()
    return result
  } catch {
    await client.close()
    await cluster.stop()
    throw error
  }
}

/// Runs a command to its end, without blocking a thread of the pool.
/// - Returns: its exit code.
func run(_ command: String, _ arguments: [String]) async throws -> Int32 {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: command)
  process.arguments = arguments
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  return try await withCheckedThrowingContinuation { continuation in
    process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
    do { try process.run() } catch { continuation.resume(throwing: error) }
  }
}

/// A cluster that has been made, and stopped, once for all tests that need no more than one of its copies.
private actor Prototype {
  static let shared = Prototype()
  private let directory = "/tmp/kedge-prototype-\(UUID().uuidString.prefix(8))"
  private var making: Task<Void, any Error>?
  private var users = 0

  /// Copies it, with its owners; the last to have a copy removes the original.
  func copy(to target: String) async throws {
    let making = self.making ?? Task { [directory] in try await EmbeddedCluster.start(directory: directory, options: fast, logger: quiet).stop() }
    self.making = making
    users += 1
    try await making.value
    try #require(try await run("/bin/cp", ["-a", directory, target]) == 0)
  }

  func leave() {
    users -= 1
    guard users == 0 else { return }
    making = nil
    try? FileManager.default.removeItem(atPath: directory)
  }
}

/// Runs `body` with a directory in which a cluster has been made, and removes it.
private func withMadeCluster<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  try await withDirectory { directory async throws in
    try await Prototype.shared.copy(to: directory)
    do {
      let result = try await body(directory)
      await Prototype.shared.leave()
      return result
    } catch {
      await Prototype.shared.leave()
      throw error
    }
  }
}

/// Without waiting for the disk, which the tests have nothing to gain from.
private let fast: EmbeddedOptions = {
  var options = EmbeddedOptions()
  options.settings = ["fsync": "off"]
  return options
}()

/// The number of the server of a directory.
private func postmaster(_ directory: String) throws -> pid_t {
  let text = try String(contentsOfFile: directory + "/postgresql/data/postmaster.pid", encoding: .utf8)
  return try #require(pid_t(text.split(separator: "\n")[0]))
}

struct EmbeddedTests {
  @Test func `a cluster is made, started, stopped and started again with what was in it`() async throws {
    try await withDirectory { directory async throws in
      try await withCluster(directory) { cluster, client async throws in
        #expect(cluster.url == "postgresql:///kedge?host=\(directory)/postgresql/run&user=kedge_owner")
        let (user, database, isSuper, encoding, address) = try await client.query(
          """
          select current_user::text, current_database()::text, usesuper, current_setting('server_encoding'), current_setting('listen_addresses')
          from pg_user where usename = current_user
          """, as: String.self, String.self, Bool.self, String.self, String.self)[0]
        #expect(user == "kedge_owner" && database == "kedge" && isSuper && encoding == "UTF8" && address == "")
        try await client.query("create table t (x int)")
        try await client.query("insert into t values (7)")
        #expect(EmbeddedCluster.url(directory: directory) == cluster.url)
      }
      #expect(EmbeddedCluster.url(directory: directory) == nil)
      #expect(!FileManager.default.fileExists(atPath: directory + "/postgresql/data/postmaster.pid"))
      try await withCluster(directory) { _, client async throws in
        #expect(try await client.query("select x from t", as: Int.self) == [7])
      }
    }
  }

  @Test func `nobody else can reach the socket or the data`() async throws {
    try await withMadeCluster { directory async throws in
      try await withCluster(directory) { _, _ async throws in
        for path in ["/postgresql", "/postgresql/run", "/postgresql/data"] {
          let attributes = try FileManager.default.attributesOfItem(atPath: directory + path)
          #expect(attributes[.posixPermissions] as? Int == 0o700)
          #expect(attributes[.ownerAccountID] as? Int != 0)
        }
      }
    }
  }

  @Test func `a path too long for a socket, or with characters that a URL has other uses for, is no obstacle`() async throws {
    for name in [String(repeating: "long", count: 30), "a,b c&d=é%'"] {
      try await withDirectory(name) { directory async throws in
        try await withCluster(directory) { cluster, client async throws in
          #expect(cluster.url.hasPrefix("postgresql:///kedge?host=/tmp/kedge-"))
          #expect(try await client.query("select 1", as: Int.self) == [1])
        }
        #expect(EmbeddedCluster.url(directory: directory) == nil)
      }
    }
  }

  @Test func `a server killed under load recovers at the next start`() async throws {
    try await withMadeCluster { directory async throws in
      let cluster = try await EmbeddedCluster.start(directory: directory, options: fast, logger: quiet)
      let client = PostgresClient(cluster.url, logger: quiet)
      try await client.query("create table t (x bigint)")
      let writers = (0..<4).map { _ in Task { while true { try await client.query("insert into t select generate_series(1, 10)") } } }
      #expect(try await eventually { try await client.query("select count(*) > 100 from t", as: Bool.self) == [true] })
      kill(try postmaster(directory), SIGKILL)
      #expect(await cluster.waitUntilStopped() != nil)
      for writer in writers { writer.cancel() }
      await cluster.stop()
      await client.close()
      try await withCluster(directory) { _, client async throws in
        #expect(try await client.query("select count(*) % 10, count(*) > 100 from t", as: Int.self, Bool.self)[0] == (0, true))
      }
    }
  }

  @Test func `clients come back when the server does`() async throws {
    try await withMadeCluster { directory async throws in
      var cluster = try await EmbeddedCluster.start(directory: directory, options: fast, logger: quiet)
      var options = PostgresOptions()
      options.waitForServer = .seconds(60)
      let client = PostgresClient(cluster.url, options: options, logger: quiet)
      try await client.query("create table t (id int primary key, writer int, number int)")
      var hints = client.listen("hint").makeAsyncIterator()
      #expect(await hints.next()?.kind == .listening)
      // The server may go away during the look, too.
      @Sendable func isThere(_ id: Int) async throws -> Bool {
        while true {
          do { return try await client.query("select from t where id = \(id)").count == 1 } catch is ConnectionLost {}
        }
      }
      // Each writer counts up in transactions that run again when they surely did nothing; what is unknown, it looks up.
      let writers = (0..<4).map { writer in
        Task {
          for number in 0..<150 {
            while true {
              do {
                try await client.withTransaction { transaction in
                  try await transaction.query("insert into t values (\(writer * 1000 + number), \(writer), \(number))")
                }
                break
              } catch let error as ConnectionLost where error.outcome == .unknown {
                if try await isThere(writer * 1000 + number) { break }
              }
            }
          }
        }
      }
      for _ in 0..<2 {
        await cluster.stop()
        cluster = try await EmbeddedCluster.start(directory: directory, options: fast, logger: quiet)
        #expect(await hints.next()?.kind == .listening)
      }
      for writer in writers { try await writer.value }
      let (count, distinct) = try await client.query("select count(*), count(distinct (writer, number)) from t", as: Int.self, Int.self)[0]
      #expect(count == 600 && distinct == 600)
      await client.close()
      await cluster.stop()
    }
  }

  @Test func `a directory is run by one process at a time`() async throws {
    try await withMadeCluster { directory async throws in
      try await withCluster(directory) { _, client async throws in
        await #expect(throws: EmbeddedError.alreadyRunning(directory: directory)) {
          try await EmbeddedCluster.start(directory: directory, logger: quiet)
        }
        #expect(try await client.query("select 1", as: Int.self) == [1])
      }
    }
  }

  @Test func `a server that was left behind is stopped, and its data is there`() async throws {
    try await withMadeCluster { directory async throws in
      try await withCluster(directory) { _, client async throws in _ = try await client.query("create table t (x int)") }
      // What a process that was killed leaves when its server does not notice: a server with another parent.
      let bin = try #require(FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql").max { Int($0) ?? 0 < Int($1) ?? 0 })
      let data = directory + "/postgresql/data"
      let leftover = Process()
      leftover.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
      var identity: [String] = []
      if geteuid() == 0 {
        let attributes = try FileManager.default.attributesOfItem(atPath: data)
        let owner = try #require(attributes[.ownerAccountID] as? Int)
        let group = try #require(attributes[.groupOwnerAccountID] as? Int)
        identity = ["--reuid=\(owner)", "--regid=\(group)", "--clear-groups"]
      }
      leftover.arguments =
        identity + ["/usr/lib/postgresql/\(bin)/bin/postgres", "-D", data, "-k", directory + "/postgresql/run", "-c", "listen_addresses=", "-F"]
      leftover.currentDirectoryURL = URL(fileURLWithPath: data)
      leftover.standardError = FileHandle.nullDevice
      try leftover.run()
      #expect(try await eventually { (try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8))?.contains("ready") == true })
      try await withCluster(directory) { _, client async throws in
        #expect(try await client.query("select count(*) from t", as: Int.self) == [0])
        #expect(try postmaster(directory) != leftover.processIdentifier)
      }
      #expect(try await eventually { !leftover.isRunning })
    }
  }

  @Test func `a lock file of a stranger, or of nobody, does not keep it from starting`() async throws {
    try await withMadeCluster { directory async throws in
      let data = directory + "/postgresql/data"
      for number in ["\(getpid())", "1", "999999999", "nonsense", "-5"] {
        try "\(number)\n\(data)\n".write(toFile: data + "/postmaster.pid", atomically: false, encoding: .utf8)
        try await withCluster(directory) { _, client async throws in #expect(try await client.query("select 1", as: Int.self) == [1]) }
      }
    }
  }

  @Test func `an interrupted beginning is begun anew`() async throws {
    try await withDirectory { directory async throws in
      for delay in [0, 30, 150, 400, 700] {
        let task = Task { try await EmbeddedCluster.start(directory: directory, options: fast, logger: quiet) }
        try await Task.sleep(for: .milliseconds(delay))
        task.cancel()
        if case .success(let cluster) = await task.result { await cluster.stop() }
        #expect(EmbeddedCluster.url(directory: directory) == nil)
      }
      // What SIGKILL leaves.
      let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/postgresql")
      let owner = attributes.filter { [.ownerAccountID, .groupOwnerAccountID].contains($0.key) }
      for path in ["/postgresql/unfinished", "/postgresql/unfinished/base"] {
        try FileManager.default.createDirectory(atPath: directory + path, withIntermediateDirectories: false, attributes: owner)
        try FileManager.default.setAttributes(owner, ofItemAtPath: directory + path)
      }
      try await withCluster(directory) { _, client async throws in #expect(try await client.query("select 1", as: Int.self) == [1]) }
      #expect(!FileManager.default.fileExists(atPath: directory + "/postgresql/unfinished"))
    }
  }

  @Test func `data of a version that is not installed is left alone, and the version named`() async throws {
    try await withMadeCluster { directory async throws in
      let path = directory + "/postgresql/data/PG_VERSION"
      try "9\n".write(toFile: path, atomically: false, encoding: .utf8)
      await #expect {
        try await EmbeddedCluster.start(directory: directory, logger: quiet)
      } throws: { error in
        guard case EmbeddedError.versionMissing(9, let found, _) = error else { return false }
        return !found.isEmpty && (error as? EmbeddedError)?.isBadInput == true
      }
      #expect(EmbeddedCluster.url(directory: directory) == nil)
    }
  }

  @Test(.enabled(if: geteuid() == 0)) func `a directory that the server's user cannot enter is bad input, and says which`() async throws {
    try await withDirectory("closed") { closed async throws in
      try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      await #expect {
        try await EmbeddedCluster.start(directory: closed + "/a/b", logger: quiet)
      } throws: { error in
        guard case EmbeddedError.unreachable(_, _, let blocked) = error else { return false }
        return blocked == closed && (error as? EmbeddedError)?.isBadInput == true && "\(error)".contains("chmod o+x \(closed)")
      }
    }
  }

  @Test func `a server that cannot start says why`() async throws {
    try await withDirectory { directory async throws in
      var options = fast
      options.settings["shared_buffers"] = "nonsense"
      await #expect {
        try await EmbeddedCluster.start(directory: directory, options: options, logger: quiet)
      } throws: { error in
        guard case EmbeddedError.startFailed(_, _, let log) = error else { return false }
        return log.contains("shared_buffers")
      }
      try await withCluster(directory) { _, client async throws in #expect(try await client.query("select 1", as: Int.self) == [1]) }
    }
  }
}
