internal import ArgumentParser
internal import Foundation

/// Every command says its `commandName`: to make one of a type's name the runtime looks through all conformances there are, for each of sixty commands, which
/// took a fifth of the time that `kedge compare` takes for a small file.
@main
struct Kedge: AsyncParsableCommand {
  /// What `kedge --version` says.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "kedge",
    abstract: "Keeps deployed machine-learning models on course.",
    discussion: """
      Measures drift, decides whether it matters, retrains, compares, rolls out in stages and hauls back what does worse.
      Everything is an event in PostgreSQL. `kedge COMMAND --help` has an example of each command and its exit codes.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(name: "Running", subcommands: [Up.self, Migrate.self, Work.self, Serve.self, Metrics.self, Token.self, Doctor.self]),
      CommandGroup(name: "Declaring", subcommands: [Apply.self, Diff.self, Export.self, Delete.self]),
      CommandGroup(name: "Looking", subcommands: [Get.self, Describe.self, Events.self, Why.self, Logs.self]),
      CommandGroup(name: "Data", subcommands: [Compare.self, Profile.self, Evaluate.self, Detect.self, Baseline.self, Measure.self]),
      CommandGroup(name: "Training", subcommands: [Retrain.self, Cancel.self, Tag.self, Alias.self]),
      CommandGroup(
        name: "Rolling out",
        subcommands: [Promote.self, Approve.self, Reject.self, Pause.self, Resume.self, Abort.self, Rollback.self, Freeze.self, Thaw.self]),
      CommandGroup(
        name: "Alerts",
        subcommands: [Acknowledge.self, Resolve.self, FalseAlarm.self, AddNote.self, Silence.self, Unsilence.self, RulePolicy.self, ChannelCommand.self]),
      CommandGroup(name: "The log", subcommands: [Audit.self, Archive.self, Projections.self]),
      CommandGroup(name: "Shell", subcommands: [Completion.self, Supervise.self]),
    ])

  static func main() async {
    signal(SIGPIPE) { _ in }  // A handler, unlike SIG_IGN, is not handed on to trainers.
    let arguments = withBareWait(Array(CommandLine.arguments.dropFirst()))
    do {
      var command = try parseAsRoot(arguments)
      do {
        if var command = command as? any AsyncParsableCommand {
          try await command.run()
        } else {
          try command.run()
        }
      } catch {
        end(with: error)
      }
    } catch {
      endParsing(with: error)
    }
    Terminal.end(.done)
  }

  /// `--wait` alone waits for ever; what follows it is no duration.
  private static func withBareWait(_ arguments: [String]) -> [String] {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    return arguments[..<end].map { $0 == "--wait" ? "--wait=\(WaitLimit.forever)" : $0 } + arguments[end...]
  }

  /// Says what went wrong on one line each and ends with the code that stands for it.
  private static func end(with error: any Error) -> Never {
    // Help that a command asks for by an error, and bad usage that it only finds when it runs.
    if exitCode(for: error) == .success || error is ValidationError { endParsing(with: error) }
    let report = ErrorReport(error)
    for line in report.message?.split(separator: "\n") ?? [] { Terminal.say("kedge: \(line)") }
    Terminal.end(report.status)
  }

  private static func endParsing(with error: any Error) -> Never {
    guard exitCode(for: error) != .success else {
      Terminal.print(fullMessage(for: error))
      Terminal.end(.done)
    }
    let message = self.message(for: error).split(separator: "\n").joined(separator: " ")
    var place = ""
    var within: [any ParsableCommand.Type] = configuration.groupedSubcommands.flatMap(\.subcommands)
    for word in CommandLine.arguments.dropFirst() where !word.hasPrefix("-") {
      guard let command = within.first(where: { $0._commandName == word }) else { break }
      place += word + " "
      within = command.configuration.subcommands
    }
    Terminal.say("kedge: \(message); see `kedge \(place)--help`")
    Terminal.end(.badUsage)
  }
}
