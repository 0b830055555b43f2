/// How a command ended. However it was, nothing of it is left running.
public enum CommandOutcome: Sendable, Hashable {
  /// By itself. What it left behind was ended too.
  case exited(code: Int32)
  /// By a signal that Kedge did not send: 9 may be the kernel's, out of memory.
  case signalled(Int32)
  case timedOut(after: Duration)
  /// The task that ran it was cancelled, or the supervisor was told to end.
  case cancelled
  case tooMuchOutput(limitBytes: Int)
  /// It never ran.
  case couldNotStart(reason: String)
  /// Its supervisor died, and it was killed.
  case supervisorLost(reason: String)

  /// Exit code 0; any other outcome is a failure.
  public var succeeded: Bool { self == .exited(code: 0) }
}

extension CommandOutcome: CustomStringConvertible {
  /// One line for people.
  public var description: String {
    switch self {
    case .exited(0): "finished"
    case .exited(let code): "exited with code \(code)"
    case .signalled(9): "was killed by signal 9, which the kernel sends when memory runs out"
    case .signalled(let signal): "was killed by signal \(signal)"
    case .timedOut(let limit): "was ended after \(limit), its timeout"
    case .cancelled: "was cancelled"
    case .tooMuchOutput(let limit): "was ended because it printed more than \(limit) bytes"
    case .couldNotStart(let reason): "could not be started: \(reason)"
    case .supervisorLost(let reason): "was killed because its supervisor ended: \(reason)"
    }
  }
}

/// What is left of a command's run.
public struct CommandResult: Sendable, Hashable {
  /// How it ended.
  public let outcome: CommandOutcome
  /// The end of what it printed: at most 40 lines of at most 500 characters, without control characters.
  public let lastLines: [String]
  /// How much it printed.
  public let outputBytes: Int
}
