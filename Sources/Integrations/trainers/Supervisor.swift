internal import CLinux
internal import Glibc

/// A small process between a worker and a trainer, so that a trainer never outlives its run, however its worker ends.
///
/// `kedge supervise [--directory DIR] [--timeout-milliseconds N] [--grace-milliseconds N] [--output-limit BYTES] -- COMMAND ARGUMENTS…`
///
/// Its standard input is a socket whose other end the worker holds, and on which it reports (`SupervisorReport`). Its standard output
/// and error are the log, and the command's too. When the socket closes, because the worker died, when a SIGTERM, SIGINT or SIGHUP
/// comes, when the time is up, or when the log has grown beyond the limit, the command is ended: SIGTERM to its process group and to
/// whatever left the group, the grace, SIGKILL. When the command ends by itself, what it left behind is ended in the same way, with
/// a grace of at most a second. The supervisor is the reaper of all its descendants, so a daemon is found too. Should the supervisor
/// itself be killed, the kernel kills the command (PR_SET_PDEATHSIG), and the worker its group.
///
/// While the worker is only stopped (SIGSTOP), the command goes on, and the timeout holds.
public enum Supervisor {
  /// The name of the hidden subcommand.
  public static let subcommand = "supervise"

  /// Runs to the end of the command and of the process. Exit code 0 if it could report, whatever the command did; 2 for bad usage.
  /// - Parameter arguments: what follows `kedge supervise`.
  public static func run(_ arguments: [String]) -> Never {
    do {
      let settings = try Settings(arguments)
      guard isSocket(STDIN_FILENO) else {
        throw UsageError(message: "standard input is not a worker's socket; this command is for workers, not for people")
      }
      let supervision = Supervision(settings)
      let report = supervision.run()
      supervision.send(report)
      exit(0)
    } catch {
      let text = "kedge supervise: \(error)\n"
      _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
      exit(2)
    }
  }

  private static func isSocket(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  struct UsageError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
  }

  /// What the worker asks for.
  struct Settings: Hashable {
    var command: [String]
    /// Where the command runs; nil, where the worker does.
    var directory: String?
    var timeoutMilliseconds: Int64 = 86_400_000
    var graceMilliseconds: Int64 = 10_000
    var outputLimitBytes: Int64 = 1 << 30

    init(command: [String]) { self.command = command }

    /// The arguments after `supervise`, which `init(_:)` reads.
    var arguments: [String] {
      (directory.map { ["--directory", $0] } ?? []) + [
        "--timeout-milliseconds", "\(timeoutMilliseconds)", "--grace-milliseconds", "\(graceMilliseconds)", "--output-limit", "\(outputLimitBytes)", "--",
      ] + command
    }

    init(_ arguments: [String]) throws(UsageError) {
      command = []
      var rest = arguments[...]
      while let option = rest.popFirst(), option != "--" {
        guard let value = rest.popFirst() else { throw UsageError(message: "\(option) needs a value") }
        switch option {
        case "--directory": directory = value
        case "--timeout-milliseconds": timeoutMilliseconds = try Settings.number(value, option)
        case "--grace-milliseconds": graceMilliseconds = try Settings.number(value, option)
        case "--output-limit": outputLimitBytes = try Settings.number(value, option)
        default: throw UsageError(message: "unknown option \(option)")
        }
      }
      command = Array(rest)
      guard !command.isEmpty else { throw UsageError(message: "there is no command after --") }
    }

    private static func number(_ text: String, _ option: String) throws(UsageError) -> Int64 {
      guard let value = Int64(text), value >= 0 else { throw UsageError(message: "\(option) must be a whole number, not \(text)") }
      return value
    }
  }
}
