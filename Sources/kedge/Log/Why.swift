internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct Why: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Tells what caused what, back to where it began.",
    discussion: guide(
      """
      KIND is alert, deployment, endpoint, event, measurement, model, monitor, pipeline, run, version … For a deployment it begins at its completion,
      else at the newest event. -o dot prints a graph for graphviz.
      """,
      example: "kedge why deployment 3f2a91\nkedge why endpoint breast-cancer-prod -o dot | dot -Tsvg > why.svg", .notFound))

  @Argument(help: "What kind of thing.") var kind: String
  @Argument(help: "Which one.") var name: String
  @Option(name: .customShort("o"), help: "table, json, yaml or dot.") var format: Format = .table
  @Option(name: .customLong("output"), help: .hidden) var longFormat: Format?
  @Option(
    name: .customLong("database"), help: ArgumentHelp("Connection URL; else KEDGE_DATABASE_URL, else the instance that runs in --directory.", valueName: "url"))
  var database: String?
  @Option(help: ArgumentHelp("Directory of the embedded instance; else KEDGE_DIRECTORY, else .kedge.", valueName: "dir")) var directory: String?
  @Flag(name: .long, help: "Only results and errors.") var quiet = false
  @Flag(name: .long, help: "Also what goes on behind.") var verbose = false

  enum Format: String, ExpressibleByArgument, CaseIterable { case table, wide, json, yaml, name, dot }

  func run() async throws {
    var common = try CommonOptions.parse([])
    (common.database, common.directory, common.quiet, common.verbose) = (database, directory, quiet, verbose)
    try await common.withDatabase { client in
      let start = try await begin(client)
      let tree = try await Causes(documents: EventDocuments(database: client)).tree(from: start)
      switch longFormat ?? format {
      case .json: Terminal.print(tree.json.text(.indented))
      case .yaml: Terminal.write(YAML.text(tree.json), to: 1)
      case .dot: Terminal.print(tree.dot)
      case .name: for event in tree.events { Terminal.print(event["id"]?.string ?? "") }
      case .table, .wide:
        let sentences = try await sentences(of: tree.events, client)
        Terminal.print(tree.text(sentences))
        if tree.isOnlyAsserted, !quiet {
          Terminal.print("")
          Terminal.print("Who approved is asserted: everybody acts under one database role here, and names are only what people said.")
        }
      }
    }
  }

  /// The event at which the story ends.
  private func begin(_ client: PostgresClient) async throws -> JSON {
    let documents = EventDocuments(database: client)
    let lookup = Lookup(database: client)
    switch kind.hasSuffix("s") && kind != "analysis" ? String(kind.dropLast()) : kind {
    case "deployment":
      let id = try await lookup.deployment(name)
      return try await newest(documents, id.stream, ["deployment_completed"])
    case "alert": return try await newest(documents, try await lookup.identifier(AlertID.self, name).stream, ["alert_raised"])
    case "run", "evaluation": return try await newest(documents, try await lookup.identifier(RunID.self, name).stream, [])
    case "event", "measurement":
      guard let id = UUID(uuidString: name), let event = try await documents.events([id]).first else {
        throw Complaint(.notFound, "there is no \(kind) \(name); give its whole id, as `kedge events` prints it")
      }
      return event
    case "version":
      let version = try versionName(name)
      let row = try await client.query(
        """
        select id from kedge.event where stream = \("model/\(version.model)") and type = 'version_registered'
          and data ->> 'version' = \(version.description) limit 1
        """
      ).first
      guard let row, let event = try await documents.events([try row.decode(UUID.self, at: 0)]).first else {
        throw Complaint(.notFound, "there is no version \(version)")
      }
      return event
    case "endpoint":
      // Who went back asks why: the decision tells, and what followed from it does not.
      let turn = try await documents.newest(of: "endpoint/\(name)", among: ["rollback_decided", "rollout_started"])
      if let turn, turn["type"] == "rollback_decided" { return turn }
      return try await newest(documents, "endpoint/\(name)", [])
    case let category where ["model", "monitor", "rule", "pipeline", "pool", "channel", "schedule"].contains(category):
      return try await newest(documents, "\(category)/\(name)", [])
    default:
      throw Complaint(
        .badUsage,
        "there is no story of a \"\(kind)\"; the kinds are alert, deployment, endpoint, event, measurement, model, monitor, pipeline, run and version")
    }
  }

  private func newest(_ documents: EventDocuments, _ stream: String, _ types: [String]) async throws -> JSON {
    guard let event = try await documents.newest(of: stream, preferring: types) else {
      throw Complaint(.notFound, "there is no \(stream.replacing("/", with: " ", maxReplacements: 1))")
    }
    return event
  }

  /// What the timeline says of events, by id.
  private func sentences(of events: [JSON], _ client: PostgresClient) async throws -> [String: String] {
    let ids = events.compactMap { $0["id"]?.string.flatMap { UUID(uuidString: $0) } }
    let rows = try await client.query("select id, what from audit.timeline where id = any(\(ids))", as: UUID.self, String.self)
    return Dictionary(rows.map { ($0.0.lowercased, $0.1) }, uniquingKeysWith: { $1 })
  }
}
