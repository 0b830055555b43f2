internal import ArgumentParser
internal import Lifecycle
internal import Projections

struct Alias: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alias",
    abstract: "Lets names such as champion point to a version.",
    discussion: guide(
      "NAME- takes the name away. What serves is not changed by an alias.", example: "kedge alias breast-cancer/3 stable\nkedge alias breast-cancer/3 stable-",
      .notFound, .conflict))

  @Argument(help: "The version, MODEL/N.") var version: String
  @Argument(help: "NAME, or NAME- to take it away.") var names: [String]
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    for name in names {
      do { _ = try ResourceName(name.hasSuffix("-") ? String(name.dropLast()) : name) } catch { throw ValidationError("alias \"\(name)\": \(error)") }
    }
  }

  func run() async throws {
    let version = try versionName(self.version)
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["alias_moved"]) { _ in
        Target(stream: "model/\(version.model)", id: version.description)
      } decide: { session, target, _ in
        let state = try await session.load(ModelState.self, target.stream)
        guard state[version.number] != nil else { throw Refusal.unknown("there is no version \(version)") }
        for name in names {
          let alias = name.hasSuffix("-") ? String(name.dropLast()) : name
          if name.hasSuffix("-"), let other = state.aliases[alias], other != version {
            throw Refusal.conflict("\(alias) points to \(other), not to \(version)")
          }
          session.record(try state.moveAlias(alias, to: name.hasSuffix("-") ? nil : version), on: target.stream)
        }
      }
      try change.report(changed, "\(names.joined(separator: ", ")): \(version)")
    }
  }
}
