internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct Delete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Takes back declarations; their history stays in the log.",
    discussion: guide(
      """
      KIND is monitor, rule, pipeline, endpoint, channel or pool. Models stay, because their versions do. What others refer to is refused, unless they \
      are deleted by the same command: name each as KIND/NAME. All or nothing.
      """,
      example: "kedge delete rule inputs-drifted --yes\nkedge delete rule/inputs-drifted pipeline/breast-cancer-retrain --yes", .notFound, .conflict))

  @Argument(help: ArgumentHelp("A kind and a name, or any number of KIND/NAME.", valueName: "kind name | kind/name"))
  var things: [String]
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if things.count == 1, !things[0].contains("/") { throw ValidationError("which \(things[0])? name it, as KIND NAME or KIND/NAME") }
    if things.count > 1, writing.expectedVersion != nil, things[0].contains("/") {
      throw ValidationError("--expected-version: several things lie on several streams; delete them one by one, or leave it out")
    }
  }

  func run() async throws {
    let removals = try wanted()
    let keys = removals.map(\.key)
    let what = keys.map { "\($0.kind.category) \($0.name)" }.joined(separator: " and ")
    try writing.confirm("delete \(what)")
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: Set(removals.map(\.fact.type))) { _ in
        Target(stream: keys[0].streamName, id: keys.count == 1 ? keys[0].streamName : "\(keys.count) declarations")
      } decide: { session, _, transaction in
        let all = try await Specifications(database: transaction).all()
        for key in keys {
          guard all.contains(where: { $0.key == key }) else { throw Refusal.unknown("there is no \(key.kind.category) \(key.name)") }
          if let other = all.first(where: { !keys.contains($0.key) && $0.references.contains(key) }) {
            throw Refusal.conflict(
              "\(other.kind.category) \(other.name) refers to \(key.kind.category) \(key.name); change or delete that first, or delete both at once")
          }
        }
        for (key, fact) in removals { try await remove(key, fact, &session, transaction) }
      }
      try change.report(changed, "\(what) \(keys.count == 1 ? "is" : "are") deleted")
    }
  }

  /// What is to be deleted, in the order in which it was named.
  private func wanted() throws(Complaint) -> [(key: DeclarationKey, fact: Fact)] {
    let pairs =
      things.count == 2 && !things[0].contains("/")
      ? [(things[0], things[1])]
      : things.map { thing in
        let slash = thing.firstIndex(of: "/") ?? thing.endIndex
        return (String(thing[..<slash]), String(thing[slash...].dropFirst()))
      }
    var found: [(key: DeclarationKey, fact: Fact)] = []
    for (word, name) in pairs {
      let singular = word.hasSuffix("s") ? String(word.dropLast()) : word
      guard let kind = DeclarationKind.allCases.first(where: { $0.category == singular }), let fact = kind.removal(reason: writing.reason), !name.isEmpty
      else {
        let thing = name.isEmpty || pairs.count == 1 ? word : "\(word)/\(name)"
        throw Complaint(.badUsage, "\"\(thing)\" cannot be deleted; the kinds are monitor, rule, pipeline, endpoint, channel and pool")
      }
      let key = DeclarationKey(kind, name)
      if !found.contains(where: { $0.key == key }) { found.append((key, fact)) }
    }
    return found
  }

  private func remove(_ key: DeclarationKey, _ fact: Fact, _ session: inout DecisionSession, _ transaction: Transaction) async throws {
    switch key.kind {
    case .endpoint:
      let state = try await session.load(EndpointState.self, key.streamName)
      if let rollout = state.rollout { throw Refusal.conflict("deployment \(rollout.deployment) is being rolled out at \(key.name); abort it first") }
    case .pipeline:
      for (stream, facts) in try await Plan.removals(of: key.name, keeping: [], &session, transaction) { session.record(facts, on: stream) }
    default: break
    }
    session.record([fact], on: key.streamName)
  }
}
