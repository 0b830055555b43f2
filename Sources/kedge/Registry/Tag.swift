internal import ArgumentParser
internal import Lifecycle
internal import Projections

struct Tag: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag",
    abstract: "Sets and removes tags of a version.",
    discussion: guide(example: "kedge tag breast-cancer/3 reviewed=yes draft-", .notFound, .conflict))

  @Argument(help: "The version, MODEL/N.") var version: String
  @Argument(help: "KEY=VALUE sets a tag, KEY- removes it.") var tags: [String]
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws { _ = try parsed() }

  func run() async throws {
    let version = try versionName(self.version)
    let tags = try parsed()
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["version_tagged"]) { _ in
        Target(stream: "model/\(version.model)", id: version.description)
      } decide: { session, target, _ in
        session.record(try await session.load(ModelState.self, target.stream).tag(version, tags), on: target.stream)
      }
      try change.report(changed, "\(version) is tagged")
    }
  }

  private func parsed() throws -> [String: String?] {
    var tags: [String: String?] = [:]
    for text in self.tags {
      if let equals = text.firstIndex(of: "="), equals != text.startIndex {
        tags[String(text[..<equals])] = .some(String(text[equals...].dropFirst()))
      } else if text.hasSuffix("-"), text.utf8.count > 1 {
        tags[String(text.dropLast())] = .some(nil)
      } else {
        throw ValidationError("\(text): expected KEY=VALUE, or KEY- to remove a tag")
      }
    }
    return tags
  }
}
