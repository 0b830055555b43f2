internal import ArgumentParser
internal import Embedded
internal import Foundation
internal import Lifecycle
internal import Logging
internal import Migrations
internal import PostgreSQL
internal import Server
internal import Synchronization
internal import Values
internal import Workers

struct Up: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Runs everything: a private PostgreSQL in a directory, and every role.",
    discussion: guide(
      """
      Ctrl-C and SIGTERM let what has begun end and stop PostgreSQL; a second one hurries. After a kill the next `up` recovers. It reads .env.
      KEDGE_LOG_FORMAT=json writes its log as a JSON object a line, and KEDGE_LOG_LEVEL=info a line for each event.
      With --listen it serves the API there too, as `kedge serve` does.
      With -o json one line says when it is ready: {"ready": true, "url": "http://…" or null, "database": "postgresql://…"}.
      """,
      example: "kedge up\nkedge up --listen 127.0.0.1:8470 --directory /srv/kedge -o json"))

  @Option(help: ArgumentHelp("Where the API is served, HOST:PORT or PORT; without it there is none.", valueName: "address")) var listen: String?
  @Option(help: "Pieces of work at a time, for each role.") var concurrency = 4
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if common.database != nil { throw ValidationError("--database: `up` runs a database of its own; for another use `kedge migrate` and `kedge worker`") }
    if let listen { _ = try Serve.options(listen) }
    if concurrency < 1 || concurrency > 100 { throw ValidationError("--concurrency \(concurrency): expected 1 to 100") }
  }

  func run() async throws {
    let directory = DatabaseLocation.directory(common)
    try EnvironmentFile.load(from: [FileManager.default.currentDirectoryPath, directory])
    let heads = try HeadSettings.read()
    let logger = try common.serviceLogger("kedge", level: .notice)
    do {
      try await Signals.cancelling({ Terminal.end(.failed) }) { try await everything(in: directory, heads, logger) }
    } catch is CancellationError {
      // Stopped before it was ready.
    }
    common.say("kedge has stopped")
  }

  private func everything(in directory: String, _ heads: HeadExportOptions?, _ logger: Logger) async throws {
    common.say("starting PostgreSQL in \(directory)")
    let cluster = try await EmbeddedCluster.start(directory: directory, logger: logger)
    var options = PostgresOptions()
    options.maximumConnections = 60
    let client = PostgresClient(cluster.url, options: options, logger: logger)
    do {
      try await Migrator(client).migrate()
      let workers = WorkerProcess(
        roles: Set(Role.allCases), database: client,
        options: WorkerOptions(concurrency: concurrency, scratch: WorkerScratch.directory(beside: cluster.directory), heads: heads), logger: logger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await workers.run() }
        group.addTask { try await watch(cluster) }
        let served = ServedAddress()
        if let listen {
          let server = APIServer(database: client, version: Kedge.version, options: try Serve.options(listen), logger: logger)
          group.addTask { try await server.run { served.url = $0 } }
        }
        group.addTask {
          if try await isAnswering(client, { listen == nil || served.url != nil }) { announce(cluster, served.url) }
        }
        // Cancelled, all of them end: the workers once they have drained.
        do { try await group.waitForAll() } catch {
          group.cancelAll()
          throw error
        }
      }
    } catch {
      await client.close()
      await cluster.stop()
      throw error
    }
    await client.close()
    await cluster.stop()
  }

  /// Ends everything when PostgreSQL ends by itself.
  private func watch(_ cluster: RunningCluster) async throws {
    let log = await cluster.waitUntilStopped()
    if !Task.isCancelled { throw Complaint(.failed, "PostgreSQL in \(cluster.directory) has ended by itself: \(log ?? "see its log"); start again") }
  }

  /// Waits until the worker says that it is there, and the server listens.
  private func isAnswering(_ client: PostgresClient, _ isListening: @Sendable () -> Bool) async throws -> Bool {
    let pid = Int64(ProcessInfo.processInfo.processIdentifier)
    while !Task.isCancelled {
      let rows = try await client.query("select 1 from kedge.worker where pid = \(pid) and seen_at > clock_timestamp() - interval '20 seconds'")
      if !rows.isEmpty, isListening() { return true }
      try await Task.sleep(for: .milliseconds(20))
    }
    return false
  }

  private func announce(_ cluster: RunningCluster, _ url: String?) {
    if common.output == .json {
      Terminal.print("{\"ready\": true, \"url\": \(JSON(url)), \"database\": \(JSON.string(cluster.url))}")
    } else {
      Terminal.print("kedge is ready")
      Terminal.print("  database  \(cluster.url)")
      if let url { Terminal.print("  API       \(url)") }
      common.say("  Ctrl-C stops it; in another terminal of this directory, `kedge get models` and the other commands find it")
    }
  }
}

/// Where the API is, once it is.
private final class ServedAddress: Sendable {
  private let state = Mutex<String?>(nil)

  var url: String? {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}
