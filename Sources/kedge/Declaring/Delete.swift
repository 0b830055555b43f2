internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import Projections
internal import Values

struct Delete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Takes back a declaration; its history stays in the log.",
    discussion: guide(
      "KIND is monitor, rule, pipeline, endpoint, channel or pool. Models stay, because their versions do. What others refer to is refused.",
      example: "kedge delete rule inputs-drifted --yes", .notFound, .conflict))

  @Argument(help: "What kind of thing.") var kind: String
  @Argument(help: "Its name.") var name: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let word = kind.hasSuffix("s") ? String(kind.dropLast()) : kind
    guard let kind = DeclarationKind.allCases.first(where: { $0.category == word }), let removal = kind.removal(reason: writing.reason) else {
      throw Complaint(.badUsage, "\"\(self.kind)\" cannot be deleted; the kinds are monitor, rule, pipeline, endpoint, channel and pool")
    }
    let key = DeclarationKey(kind, name)
    try writing.confirm("delete \(key.kind.category) \(name)")
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: [removal.type]) { _ in
        Target(stream: key.streamName, id: key.streamName)
      } decide: { session, target, transaction in
        let all = try await Specifications(database: transaction).all()
        guard all.contains(where: { $0.key == key }) else { throw Refusal.unknown("there is no \(kind.category) \(name)") }
        if let other = all.first(where: { $0.references.contains(key) }) {
          throw Refusal.conflict("\(other.key.kind.category) \(other.name) refers to \(kind.category) \(name); change or delete that first")
        }
        switch kind {
        case .endpoint:
          let state = try await session.load(EndpointState.self, target.stream)
          if let rollout = state.rollout { throw Refusal.conflict("deployment \(rollout.deployment) is being rolled out at \(name); abort it first") }
        case .pipeline:
          for (stream, facts) in try await Plan.removals(of: name, keeping: [], &session, transaction) { session.record(facts, on: stream) }
        default: break
        }
        session.record([removal], on: target.stream)
      }
      try change.report(changed, "\(key.kind.category) \(name) is deleted")
    }
  }
}
