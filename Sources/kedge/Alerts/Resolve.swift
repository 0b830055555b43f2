internal import ArgumentParser
internal import Lifecycle

struct Resolve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve", abstract: "Ends an alert by hand.",
    discussion: guide(example: "kedge resolve 9c1e02 --reason 'the device was recalibrated'", .notFound, .conflict))

  @OptionGroup var answer: AlertAnswer

  func run() async throws {
    let reason = answer.writing.reason ?? "resolved by \(answer.writing.name)"
    try await answer.record("alert_resolved", .resolve(AlertResolved(reason: reason)), said: "resolved")
  }
}
