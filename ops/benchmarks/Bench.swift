internal import Foundation
internal import Logging
internal import PostgreSQL
internal import Values

/// The benchmarks of `ops/bench`, which starts what they need.
@main
struct Bench {
  /// What `ops/bench` hands over.
  struct Arguments: Sendable {
    var name = ""
    var database = ""
    var pgbench = "pgbench"
    /// Folder of the server's socket.
    var socket = ""
    /// A folder for scripts.
    var scratch = ""
    var json = false
    var quick = false

    init?(_ arguments: [String]) {
      var rest = arguments[...]
      while let argument = rest.popFirst() {
        switch argument {
        case "--json": json = true
        case "--quick": quick = true
        case "--database", "--pgbench", "--socket", "--scratch":
          guard let value = rest.popFirst() else { return nil }
          switch argument {
          case "--database": database = value
          case "--pgbench": pgbench = value
          case "--socket": socket = value
          default: scratch = value
          }
        default:
          guard name.isEmpty, !argument.hasPrefix("-") else { return nil }
          name = argument
        }
      }
      guard name == "log", !database.isEmpty else { return nil }
    }
  }

  static func main() async {
    guard let arguments = Arguments(Array(CommandLine.arguments.dropFirst())) else {
      note("usage: ops/bench NAME [--json] [--quick]")
      exit(2)
    }
    do {
      var options = PostgresOptions()
      options.maximumConnections = 30
      let client = PostgresClient(arguments.database, options: options, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
      var report = Report(machine: try await Machine(client))
      try await LogBenchmark(arguments: arguments, client: client).run(into: &report)
      await client.close()
      report.machine.finish()
      print(arguments.json ? report.json.text(.indented) : report.table)
    } catch {
      note("kedge-bench: \(error)")
      exit(1)
    }
  }

  /// Tells people what is going on.
  static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
