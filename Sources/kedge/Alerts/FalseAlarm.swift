internal import ArgumentParser
internal import Lifecycle

struct FalseAlarm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "false-alarm", abstract: "Marks an alert as a false alarm.",
    discussion: guide(example: "kedge false-alarm 9c1e02 --reason 'test data'", .notFound, .conflict))

  @OptionGroup var answer: AlertAnswer

  func run() async throws {
    try await answer.record("alert_marked_false", .markFalse(reason: answer.writing.reason), said: "marked as a false alarm")
  }
}
