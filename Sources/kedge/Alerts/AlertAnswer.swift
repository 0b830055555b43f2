internal import ArgumentParser
internal import Lifecycle
internal import Projections

/// What all commands that answer an alert take, and how they record it.
struct AlertAnswer: ParsableArguments {
  @Argument(help: "Id of the alert, or how it begins.") var alert: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  /// Records the answer on the alert's stream.
  /// - Parameters:
  ///   - type: of the event that comes of it.
  ///   - command: what the alert is told.
  ///   - said: how the sentence about it ends: `alert 9c1e02… is SAID`.
  func record(_ type: String, _ command: AlertCommand, said: String) async throws {
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: [type]) {
        let lookup = Lookup(database: $0)
        let id = try await lookup.identifier(AlertID.self, alert)
        return Target(stream: id.stream, id: id.description, cause: try await lookup.newest(id.stream))
      } decide: { session, target, _ in
        session.record(try await session.load(AlertState.self, target.stream).decide(command), on: target.stream)
      }
      try change.report(changed, "alert \(changed.id) is \(said)")
    }
  }
}
