internal import ArgumentParser
internal import Foundation
internal import Logging
internal import PostgreSQL
internal import Telemetry

/// How results are written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case table, wide, json, yaml, name
}

/// What every command takes.
struct CommonOptions: ParsableArguments {
  @Option(
    name: .customLong("database"), help: ArgumentHelp("Connection URL; else KEDGE_DATABASE_URL, else the instance that runs in --directory.", valueName: "url"))
  var database: String?

  @Option(help: ArgumentHelp("Directory of the embedded instance; else KEDGE_DIRECTORY, else .kedge.", valueName: "dir"))
  var directory: String?

  @Option(name: [.customShort("o"), .long], help: "How results are written: table, wide, json, yaml or name.")
  var output: OutputFormat = .table

  @Flag(name: .long, help: "Only results and errors.")
  var quiet = false

  @Flag(name: .long, help: "Also what goes on behind.")
  var verbose = false

  /// A logger to standard error.
  func logger(_ label: String, level: Logger.Level = .warning) -> Logger {
    var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = verbose ? .debug : quiet ? .error : level
    return logger
  }

  /// The same for a program that runs on: in the format, and from the level on, that the environment says.
  func serviceLogger(_ label: String, level: Logger.Level) throws -> Logger {
    let settings = try LogSettings()
    var logger = Logger(label: label) { settings.format.handler($0) }
    logger.logLevel = verbose ? .debug : quiet ? .error : settings.level ?? level
    return logger
  }

  /// Talks to whoever typed the command.
  func say(_ line: @autoclosure () -> String) {
    if !quiet { Terminal.say(line()) }
  }

  /// Says what goes on behind, when asked.
  func remark(_ line: @autoclosure () -> String) {
    if verbose { Terminal.say(line()) }
  }

  /// Runs `body` with the database and closes it.
  /// - Parameters:
  ///   - patience: how long to go on trying to connect.
  ///   - adjust: what the client shall do otherwise.
  func withDatabase<Result>(
    patience: Duration = .zero, adjusting adjust: (inout PostgresOptions) -> Void = { _ in }, _ body: (PostgresClient) async throws -> Result
  ) async throws -> Result {
    var options = try ConnectionSettings.options()
    options.waitForServer = patience
    adjust(&options)
    let client = PostgresClient(try DatabaseLocation(self).url, options: options, logger: logger("kedge", level: .error))
    do {
      let result = try await body(client)
      await client.close()
      return result
    } catch {
      await client.close()
      throw error
    }
  }
}
