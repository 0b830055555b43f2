internal import Foundation
internal import Logging
internal import PostgreSQL
internal import Values

/// The benchmarks of `ops/bench`, which starts what they need.
@main
struct Bench {
  static let names = ["log", "drift", "detectors", "false-alarms", "alerting"]
  /// Those that need a database.
  private static let onDatabase = ["log", "alerting"]

  /// What `ops/bench` hands over.
  struct Arguments: Sendable {
    var name = ""
    var database = ""
    var pgbench = "pgbench"
    /// Folder of the server's socket.
    var socket = ""
    /// A folder for scripts.
    var scratch = ""
    /// A Python with the peers, and the program that runs them; empty without.
    var python = ""
    var peers = ""
    /// Kedge itself, whose memory is measured; empty without.
    var kedge = ""
    var json = false
    var quick = false
    var large = false
    /// Alerting: so many simulated days instead of the usual.
    var days: Int?
    /// Alerting: one of its parts alone.
    var only: AlertingBenchmark.Piece?

    init?(_ arguments: [String]) {
      var rest = arguments[...]
      while let argument = rest.popFirst() {
        switch argument {
        case "--json": json = true
        case "--quick": quick = true
        case "--large": large = true
        case let text where text.hasPrefix("--days="):
          guard let count = Int(text.dropFirst("--days=".count)), (1...3650).contains(count) else { return nil }
          days = count
        case let text where text.hasPrefix("--only="):
          guard let piece = AlertingBenchmark.Piece(rawValue: String(text.dropFirst("--only=".count))) else { return nil }
          only = piece
        case "--database", "--pgbench", "--socket", "--scratch", "--python", "--peers", "--kedge":
          guard let value = rest.popFirst() else { return nil }
          switch argument {
          case "--database": database = value
          case "--pgbench": pgbench = value
          case "--socket": socket = value
          case "--python": python = value
          case "--peers": peers = value
          case "--kedge": kedge = value
          default: scratch = value
          }
        default:
          guard name.isEmpty, !argument.hasPrefix("-") else { return nil }
          name = argument
        }
      }
      guard Bench.names.contains(name), !Bench.onDatabase.contains(name) || !database.isEmpty else { return nil }
    }
  }

  static func main() async {
    guard let arguments = Arguments(Array(CommandLine.arguments.dropFirst())) else {
      note("usage: ops/bench NAME [--json] [--quick] [--large]")
      exit(2)
    }
    do {
      var report = try await measured(arguments)
      report.machine.finish()
      print(arguments.json ? report.json.text(.indented) : report.table)
    } catch {
      note("kedge-bench: \(error)")
      exit(1)
    }
  }

  private static func measured(_ arguments: Arguments) async throws -> Report {
    guard onDatabase.contains(arguments.name) else {
      var report = Report(machine: Machine())
      switch arguments.name {
      case "drift": try DriftBenchmark(arguments: arguments).run(into: &report)
      case "detectors": try DetectorBenchmark(arguments: arguments).run(into: &report)
      default: try FalseAlarmBenchmark(arguments: arguments).run(into: &report)
      }
      return report
    }
    let client = Bench.client(arguments.database)
    var report = Report(machine: Machine(try await .init(client)))
    if arguments.name == "log" {
      try await LogBenchmark(arguments: arguments, client: client).run(into: &report)
    } else {
      try await AlertingBenchmark(arguments: arguments, client: client).run(into: &report)
    }
    await client.close()
    return report
  }

  static func client(_ url: String) -> PostgresClient {
    var options = PostgresOptions()
    options.maximumConnections = 30
    return PostgresClient(url, options: options, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Threads of the pool block every signal, and a child inherits that: pgbench would never hear its alarm clock.
  static func withSignals(_ body: () throws -> Void) rethrows {
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  /// Tells people what is going on.
  static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
