internal import ArgumentParser
internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Server
internal import Values

struct Token: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Tokens with which machines call the API.",
    discussion: guide(
      "Roles: viewer reads, operator also posts measurements and operates, approver also approves, admin may everything.",
      example: "kedge token create airflow --role operator --expires 90d"),
    subcommands: [Create.self, List.self, Revoke.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create",
      abstract: "Makes a token and prints it, this once: only a digest of it is kept.",
      discussion: guide(
        "What is done with it stands in the log as the principal token:NAME. A name is never given twice.",
        example: "kedge token create airflow --role operator --expires 90d\nTOKEN=$(kedge token create prometheus --role viewer)", .notAllowed, .conflict))

    @Argument(help: "Its name.") var name: String
    @Option(help: ArgumentHelp("What it may do: \(TokenRole.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "role")) var role: String
    @Option(help: ArgumentHelp("How long it is good; without it, until it is revoked.", valueName: "duration")) var expires: String?
    @OptionGroup var writing: WritingOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
      guard TokenRole(rawValue: role) != nil else {
        throw ValidationError("--role \(role): there is no such role; expected \(TokenRole.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      if let expires, Span(expires) == nil { throw ValidationError("--expires \(expires): expected a span such as 90d") }
    }

    func run() async throws {
      guard let role = TokenRole(rawValue: role) else { return }
      let end = expires.flatMap { Span($0) }.map { Timestamp.now() + $0.duration }
      try await common.withDatabase { client in
        if writing.dryRun { return try Token.plan("token_created", name, common, writing) }
        let attribution = Attribution(actor: writing.name)
        let (token, events) = try await client.withTransaction { transaction in
          let made = try await TokenStore(transaction).create(name, role: role, expiresAt: end, by: attribution, key: writing.idempotencyKey)
          try await Note(writing: writing).append(on: TokenStore.stream(name), because: made.events, saying: [], by: attribution, transaction)
          return made
        }
        var answer = Token.answer(name, events, "token_created")
        answer["token"] = .string(token)
        answer["role"] = .string(role.rawValue)
        answer["expires_at"] = JSON(end)
        Renderer(format: common.output).document(answer) { common.output == .name ? name : token }
        common.say("this is shown once; send it as `Authorization: Bearer TOKEN`")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Lists tokens, those that are no longer good too.", discussion: guide(example: "kedge token list -o json", .notAllowed))

    @OptionGroup var common: CommonOptions

    private static let columns = [
      TableColumn("NAME", "name"), TableColumn("ROLE", "role"), TableColumn("STATE", "state"), TableColumn("CREATED", "created_at"),
      TableColumn("BY", "created_by"), TableColumn("EXPIRES", "expires_at"), TableColumn("USED", "used_at"), TableColumn("REVOKED", "revoked_at", wide: true),
    ]

    func run() async throws {
      try await common.withDatabase { client in
        let now = Timestamp.now()
        let tokens: [JSON] = try await TokenStore(client).list().map { token in
          let state = token.revokedAt != nil ? "revoked" : token.expiresAt.map { $0 <= now } == true ? "expired" : "good"
          return [
            "name": .string(token.name), "role": .string(token.role.rawValue), "state": .string(state), "created_by": .string(token.createdBy),
            "created_at": JSON(token.createdAt), "expires_at": JSON(token.expiresAt), "used_at": JSON(token.usedAt), "revoked_at": JSON(token.revokedAt),
          ]
        }
        Renderer(format: common.output).list(tokens, List.columns) { $0["name"]?.string ?? "" }
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "revoke",
      abstract: "Revokes a token, at once and for good.",
      discussion: guide(example: "kedge token revoke airflow --reason 'it was in a log' --yes", .notAllowed, .notFound))

    @Argument(help: "Its name.") var name: String
    @OptionGroup var writing: WritingOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try writing.confirm("revoke token \(name)")
      try await common.withDatabase { client in
        if writing.dryRun { return try Token.plan("token_revoked", name, common, writing) }
        let attribution = Attribution(actor: writing.name)
        let events = try await client.withTransaction { transaction in
          let events = try await TokenStore(transaction).revoke(name, by: attribution, key: writing.idempotencyKey)
          try await Note(writing: writing).append(on: TokenStore.stream(name), because: events, saying: [], by: attribution, transaction)
          return events
        }
        Renderer(format: common.output).document(Token.answer(name, events, "token_revoked")) {
          common.output == .name ? name : common.quiet ? "" : events.isEmpty ? "token \(name) was revoked before" : "token \(name) is revoked"
        }
      }
    }
  }

  private static func answer(_ name: String, _ events: [AppendedEvent], _ type: String) -> JSON {
    [
      "id": .string(name),
      "events": .array(
        events.map { ["id": .string($0.id.lowercased), "stream": .string($0.stream.text), "version": .integer($0.version), "type": .string(type)] }),
    ]
  }

  private static func plan(_ type: String, _ name: String, _ common: CommonOptions, _ writing: WritingOptions) throws {
    let stream = TokenStore.stream(name)
    Renderer(format: common.output).document(
      ["id": .string(name), "dry_run": true, "events": [["stream": .string(stream), "type": .string(type)]]]
    ) { "would append \(type) to \(stream)" }
  }
}
