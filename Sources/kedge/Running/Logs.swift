internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections

struct Logs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Prints what a run's trainer and evaluator wrote.",
    discussion: guide(
      "Training comes first, then evaluation; attempts follow each other.", example: "kedge logs run 77b0c2 --follow", .notFound))

  enum Thing: String, ExpressibleByArgument, CaseIterable { case run }

  @Argument(help: "run") var thing: Thing
  @Argument(help: "Its id, or how it begins.") var id: String
  @Flag(name: .shortAndLong, help: "Goes on until the run is over.") var follow = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase(patience: follow ? .seconds(10) : .zero) { client in
      let run = try await Lookup(database: client).identifier(RunID.self, id)
      let output = RunOutput(database: client)
      var places = ["train": RunOutput.Place(), "evaluate": RunOutput.Place()]
      while true {
        // Asked before reading: what was written before the end is read after it.
        var session = DecisionSession(client)
        let isActive = try await session.load(RunState.self, run.stream).isActive
        for step in ["train", "evaluate"] {
          while true {
            let pieces = try await output.pieces(of: run.description, step: step, after: places[step]!)
            guard let last = pieces.last else { break }
            for piece in pieces { Terminal.write(bytes: piece.bytes, to: 1) }
            places[step] = last.place
          }
        }
        guard follow, isActive else { return }
        try await Task.sleep(for: .milliseconds(300))
      }
    }
  }
}
