internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import Logging
internal import PostgreSQL
internal import Workers

struct Work: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Runs one worker process.",
    discussion: guide(
      """
      Roles: \(Role.allCases.map(\.rawValue).joined(separator: ", ")); the projector seals the log, makes the read models and runs the policies.
      Any number may run on any number of hosts. SIGTERM lets what has begun end, and gives the rest back. It reads .env.
      KEDGE_LOG_FORMAT=json writes the log as a JSON object a line; `correlation` follows a window through all of them, to what came of it.
      Behind PgBouncer in transaction mode: KEDGE_PREPARED_STATEMENTS=off KEDGE_LISTEN=off.
      """,
      example: "kedge worker --role trainer --concurrency 2 --pool gpu\nkedge worker --role projector,scheduler,measurer,notifier,deployer"))

  @Option(name: .customLong("role"), help: ArgumentHelp("Roles, parted by commas; may be repeated.", valueName: "role,…")) var roles: [String]
  @Option(help: "Pieces of work at a time, for each role.") var concurrency = 4
  @Option(help: "Only runs of this pool.") var pool: String?
  @Option(help: "How soon another worker takes over from one that was killed, e.g. 15s.") var lease = "15s"
  @OptionGroup var common: CommonOptions

  func validate() throws {
    _ = try parsed()
    if concurrency < 1 || concurrency > 1000 { throw ValidationError("--concurrency \(concurrency): expected 1 to 1000") }
    guard let span = Span(lease), span >= .seconds(1), span <= .hours(1) else { throw ValidationError("--lease \(lease): expected 1s to 1h") }
  }

  func run() async throws {
    let directory = DatabaseLocation.directory(common)
    try EnvironmentFile.load(from: [FileManager.default.currentDirectoryPath, directory])
    let url = try DatabaseLocation(common).url
    let roles = try parsed()
    let logger = try common.serviceLogger("kedge", level: .info)
    var options = try ConnectionSettings.options()
    // The projector's followers each have a transaction of their own.
    options.maximumConnections = concurrency * roles.count + (roles.contains(.projector) ? 24 : 6)
    // A wrong URL is an error at once; later a database that is away is waited for.
    _ = try await common.withDatabase { try await $0.query("select 1") }
    let client = PostgresClient(url, options: options, logger: logger)
    let process = WorkerProcess(
      roles: roles, database: client,
      options: WorkerOptions(
        concurrency: concurrency, pool: pool, scratch: WorkerScratch.directory(beside: nil), lease: Span(lease)?.duration ?? .seconds(15),
        heads: try HeadSettings.read()),
      logger: logger)
    do {
      logger.notice("worker runs", metadata: ["roles": "\(roles.map(\.rawValue).sorted().joined(separator: ","))"])
      try await Signals.cancelling({ Terminal.end(.failed) }) { try await process.run() }
    } catch {
      await client.close()
      throw error
    }
    await client.close()
    logger.notice("worker has ended")
  }

  private func parsed() throws -> Set<Role> {
    let words = roles.flatMap { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    return Set(
      try words.map { word in
        guard let role = Role(rawValue: word) else {
          throw ValidationError("--role \(word): there is no such role; expected \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return role
      })
  }
}

/// Where workers keep artifacts that they read and the files of attempts.
enum WorkerScratch {
  /// - Parameter directory: of the embedded instance; nil takes the cache of the user.
  static func directory(beside directory: String?) -> String {
    if let directory { return directory + "/scratch" }
    if let own = ProcessInfo.processInfo.environment["KEDGE_SCRATCH"], !own.isEmpty { return own }
    return NSTemporaryDirectory() + "kedge-\(geteuid())"
  }
}
