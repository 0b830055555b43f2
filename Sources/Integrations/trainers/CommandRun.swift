internal import Glibc
internal import Subprocess
internal import SystemPackage

/// One attempt at one command, by the contract of trainers and evaluators.
///
/// The command gets `KEDGE_RUN_ID`, `KEDGE_ATTEMPT`, `KEDGE_INPUT` and `KEDGE_OUTPUT`; standard input is empty; standard output and error go to one log file.
/// It runs under a `Supervisor`, in a session of its own, and is ended whole when it takes too long, when the task is cancelled, and when this process dies.
public struct CommandRun: Sendable {
  /// The program and its arguments. A program without a slash is looked up in `PATH`, one with a relative path from `directory`.
  public var command: [String]
  /// Where it runs; absolute.
  public var directory: String
  /// What the command inherits. Variables that begin with `KEDGE_` are left out: the database's URL is none of a trainer's business.
  /// `PYTHONUNBUFFERED=1` is added unless it is set: Python would else hold back what is to be followed.
  public var environment: [String: String]
  /// What `KEDGE_RUN_ID` tells the command.
  public var runID: String
  /// From 1.
  public var attempt: Int
  /// Absolute path of the JSON file that tells what to do.
  public var input: String
  /// Absolute path of the directory of this attempt alone; it must exist.
  public var output: String
  /// What it prints, of this attempt alone; made, or emptied.
  public var logFile: String
  /// How long it may take before it is ended.
  public var timeout: Duration
  /// Between SIGTERM and SIGKILL.
  public var grace: Duration
  /// A command that prints more is ended.
  public var outputLimitBytes: Int

  /// Checks nothing: what cannot be run is an outcome of `run`.
  public init(
    command: [String], directory: String, environment: [String: String], runID: String, attempt: Int, input: String, output: String, logFile: String,
    timeout: Duration, grace: Duration = .seconds(10), outputLimitBytes: Int = 1 << 30
  ) {
    self.command = command
    self.directory = directory
    self.environment = environment
    self.runID = runID
    self.attempt = attempt
    self.input = input
    self.output = output
    self.logFile = logFile
    self.timeout = timeout
    self.grace = grace
    self.outputLimitBytes = outputLimitBytes
  }

  /// How a supervisor is started: an executable, and the arguments that come before the supervisor's own.
  public struct SupervisorCommand: Sendable, Hashable {
    /// Path of the program.
    public let executable: String
    /// Come before the supervisor's own.
    public let arguments: [String]

    /// Takes the values as they are; nothing is checked.
    public init(executable: String, arguments: [String]) {
      self.executable = executable
      self.arguments = arguments
    }

    /// This very program, also when its file has been replaced meanwhile, with the subcommand `supervise`.
    public static let thisProgram = SupervisorCommand(executable: "/proc/self/exe", arguments: [Supervisor.subcommand])
  }

  /// Runs it to its end, which it does not outlive. Never throws: whatever goes wrong is an outcome.
  /// When the task is cancelled, the command is ended first.
  /// - Parameter onOutput: is given what is printed, in order and complete, in pieces of at most 64 KiB that end with a line where
  ///   they can. The command does not wait for it. It is called outside of the task, so that the last lines of a cancelled run can still be stored.
  public func run(
    supervisor: SupervisorCommand = .thisProgram, onOutput: (@Sendable ([UInt8]) async -> Void)? = nil
  ) async -> CommandResult {
    // A task of its own for each piece: the receiver's writes must not be cancelled with the run.
    let deliver = onOutput.map { receive in { @Sendable (piece: [UInt8]) async -> Void in await Task { await receive(piece) }.value } }
    let log: FileDescriptor
    let sockets: SupervisorSocket
    do {
      log = try FileDescriptor.open(
        FilePath(logFile), .writeOnly, options: [.create, .truncate, .append, .closeOnExec], permissions: [.ownerReadWrite, .groupRead])
      sockets = try SupervisorSocket()
    } catch {
      return CommandResult(outcome: .couldNotStart(reason: "the log file \(logFile): \(error)"), lastLines: [], outputBytes: 0)
    }
    enum Ended {
      case command(CommandOutcome)
      case following(LogFollower)
    }
    let (outcome, follower) = await withTaskGroup(of: Ended.self) { group in
      group.addTask { .command(await supervise(supervisor, sockets, log)) }
      if let deliver {
        group.addTask { .following(await LogFollower(path: logFile).follow(deliver)) }
      }
      var (outcome, follower) = (CommandOutcome.cancelled, LogFollower?.none)
      for await ended in group {
        switch ended {
        case .command(let ended): outcome = ended
        case .following(let ended): follower = ended
        }
        if case .command = ended { group.cancelAll() }
      }
      return (outcome, follower)
    }
    try? log.close()
    if let deliver { await follower?.finish(deliver) }
    let tail = LogTail(path: logFile)
    return CommandResult(outcome: outcome, lastLines: tail.lines, outputBytes: tail.bytes)
  }

  private func supervise(_ supervisor: SupervisorCommand, _ sockets: SupervisorSocket, _ log: FileDescriptor) async -> CommandOutcome {
    var settings = Supervisor.Settings(command: command)
    settings.directory = directory
    settings.timeoutMilliseconds = timeout.wholeMilliseconds
    settings.graceMilliseconds = grace.wholeMilliseconds
    settings.outputLimitBytes = Int64(outputLimitBytes)
    var options = PlatformOptions()
    options.createSession = true
    // The supervisor needs the grace, and time to kill what is left.
    options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: grace + .seconds(20))]
    var ending: String
    do {
      let result = try await Subprocess.run(
        .path(FilePath(supervisor.executable)),
        arguments: Arguments(executablePathOverride: "kedge", remainingValues: supervisor.arguments + settings.arguments),
        environment: .custom(variables), platformOptions: options,
        input: .fileDescriptor(sockets.supervisorEnd, closeAfterSpawningProcess: true),
        output: .fileDescriptor(log, closeAfterSpawningProcess: false), error: .fileDescriptor(log, closeAfterSpawningProcess: false))
      ending = "\(result.terminationStatus)"
    } catch {
      ending = "\(error)"
    }
    return outcome(of: sockets.readReports(), ending)
  }

  private func outcome(of reports: [SupervisorReport], _ ending: String) -> CommandOutcome {
    var group: Int32?
    for report in reports {
      switch report {
      case .started(let started): group = started
      case .exited(let code): return .exited(code: code)
      case .signalled(let signal): return .signalled(signal)
      case .timedOut: return .timedOut(after: timeout)
      case .cancelled: return .cancelled
      case .tooMuchOutput: return .tooMuchOutput(limitBytes: outputLimitBytes)
      case .couldNotStart(let reason): return .couldNotStart(reason: reason)
      }
    }
    guard let group else { return Task.isCancelled ? .cancelled : .couldNotStart(reason: "the supervisor ended early: \(ending)") }
    // It could not do it any more. Its death has killed the command; the rest of the group is killed here.
    kill(-group, SIGKILL)
    return Task.isCancelled ? .cancelled : .supervisorLost(reason: ending)
  }

  private var variables: [Environment.Key: String] {
    var all = ["PYTHONUNBUFFERED": "1"].merging(environment) { $1 }.filter { !$0.key.hasPrefix("KEDGE_") }
    all["KEDGE_RUN_ID"] = runID
    all["KEDGE_ATTEMPT"] = String(attempt)
    all["KEDGE_INPUT"] = input
    all["KEDGE_OUTPUT"] = output
    return Dictionary(uniqueKeysWithValues: all.compactMap { name, value in Environment.Key(rawValue: name).map { ($0, value) } })
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: Int64 {
    guard components.seconds < 10_000_000_000 else { return 10_000_000_000_000 }
    return max(0, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
  }
}
