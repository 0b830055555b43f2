internal import ArgumentParser
internal import Foundation
internal import Logging
internal import PostgreSQL
internal import Server

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serves the API over HTTP: figures, health, measurements in, events out.",
    discussion: guide(
      """
      /healthz and /readyz are open, /metrics on loopback too; all else needs a token of `kedge token create` as `Authorization: Bearer TOKEN`.
      It speaks plain HTTP: put a proxy in front of it that speaks TLS. With -o json one line says when it is ready: {"ready": true, "url": "http://…"}.
      The database role has to be a member of kedge_server. SIGTERM lets requests that have begun end. It reads .env.
      KEDGE_LOG_FORMAT=json writes the log as a JSON object a line; KEDGE_LOG_LEVEL=debug writes one for each request.
      """,
      example: "kedge serve --listen 127.0.0.1:8470\ncurl -s http://127.0.0.1:8470/metrics"))

  @Option(help: ArgumentHelp("HOST:PORT or PORT; port 0 takes a free one.", valueName: "address")) var listen = "127.0.0.1:8470"
  @Flag(inversion: .prefixedNo, help: "Whether /metrics needs a token; else only where others than this machine can reach it.") var metricsToken: Bool?
  @Option(help: "Requests a second of one token, or of one address without a token; four times as many at once.") var rate = 50
  @OptionGroup var common: CommonOptions

  func validate() throws {
    _ = try Serve.options(listen)
    if rate < 1 || rate > 100_000 { throw ValidationError("--rate \(rate): expected 1 to 100000") }
  }

  func run() async throws {
    try EnvironmentFile.load(from: [FileManager.default.currentDirectoryPath, DatabaseLocation.directory(common)])
    let logger = try common.serviceLogger("kedge", level: .info)
    var server = try Serve.options(listen)
    server.metricsNeedToken = metricsToken
    server.requestsPerSecond = Double(rate)
    server.burst = Double(rate) * 4
    var options = try ConnectionSettings.options()
    options.maximumConnections = 16
    // A wrong URL is an error at once; later a database that is away is waited for.
    _ = try await common.withDatabase { try await $0.query("select 1") }
    let client = PostgresClient(try DatabaseLocation(common).url, options: options, logger: logger)
    let (format, api) = (common.output, APIServer(database: client, version: Kedge.version, options: server, logger: logger))
    do {
      try await Signals.cancelling({ Terminal.end(.failed) }) {
        try await api.run { url in
          if format == .json { Terminal.print("{\"ready\": true, \"url\": \"\(url)\"}") }
          logger.notice("serving", metadata: ["url": "\(url)"])
        }
      }
    } catch {
      await client.close()
      throw error
    }
    await client.close()
    logger.notice("server has ended")
  }

  /// Where to listen, within the usual limits.
  static func options(_ listen: String) throws -> ServerOptions {
    guard let options = ServerOptions(address: listen) else {
      throw ValidationError("--listen \(listen): expected HOST:PORT, or PORT for 127.0.0.1, e.g. 127.0.0.1:8470")
    }
    return options
  }
}
