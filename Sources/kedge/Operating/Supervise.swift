internal import ArgumentParser
internal import Integrations

/// What a worker puts between itself and a trainer; nothing for people.
struct Supervise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: Supervisor.subcommand, abstract: "Runs a trainer for a worker.", shouldDisplay: false)

  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  func run() { Supervisor.run(arguments) }
}
