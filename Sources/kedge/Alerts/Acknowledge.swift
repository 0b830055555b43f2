internal import ArgumentParser
internal import Lifecycle

struct Acknowledge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ack", abstract: "Says that somebody looks after an alert.",
    discussion: guide(example: "kedge ack 9c1e02 --reason 'calling the lab'", .notFound, .conflict))

  @OptionGroup var answer: AlertAnswer

  func run() async throws {
    try await answer.record("alert_acknowledged", .acknowledge(reason: answer.writing.reason), said: "acknowledged")
  }
}
