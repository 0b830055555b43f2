internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct Events: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Prints the log.",
    discussion: guide(
      "With --follow and -o json each event is a document on a line of its own.",
      example: "kedge events --stream endpoint/breast-cancer-prod\nkedge events --type alert_raised --since 24h -o json\nkedge events --follow"))

  @Option(help: "Only this stream; with a slash at its end all below it, e.g. alert/.") var stream: String?
  @Option(name: .customLong("type"), help: "Only this type; may be repeated.") var types: [String] = []
  @Option(help: ArgumentHelp("Only since then: a time, a span such as 2h, or after a position.", valueName: "when")) var since: Since?
  @Option(help: "Only the newest so many.") var limit: Int?
  @Flag(name: .shortAndLong, help: "Goes on with what comes.") var follow = false
  @OptionGroup var common: CommonOptions

  /// A time, how long ago, or a position of the log.
  enum Since: ExpressibleByArgument {
    case time(Timestamp)
    case position(Int64)

    init?(argument: String) {
      if let position = Int64(argument), position >= 0 {
        self = .position(position)
      } else if let span = Span(argument) {
        self = .time(.now() - span.duration)
      } else {
        guard let time = Timestamp(argument) else { return nil }
        self = .time(time)
      }
    }
  }

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected 1 or more") }
  }

  func run() async throws {
    try await common.withDatabase(patience: follow ? .seconds(10) : .zero) { client in
      let documents = EventDocuments(database: client)
      var filter = EventDocuments.Filter(stream: stream, types: types)
      switch since {
      case .time(let time): filter.since = time
      case .position(let position): filter.after = position
      case nil: break
      }
      var events: [JSON] = []
      if let limit {
        events = try await told(documents.newest(filter, limit: limit), documents)
        filter.after = max(filter.after, events.last?["position"]?.integer.map(Int64.init) ?? 0)
      } else {
        while true {
          let batch = try await told(documents.sealed(filter, limit: Events.batch), documents)
          events += batch
          filter.after = batch.last?["position"]?.integer.map(Int64.init) ?? filter.after
          if batch.count < Events.batch { break }
          if follow { show(events); events = [] }
        }
      }
      guard follow else {
        return Renderer(format: common.output).list(events, Events.columns) { $0["id"]?.string ?? "" }
      }
      show(events)
      while true {
        let batch = try await told(documents.sealed(filter, limit: Events.batch), documents)
        show(batch)
        filter.after = batch.last?["position"]?.integer.map(Int64.init) ?? filter.after
        if batch.count < Events.batch { try await Task.sleep(for: .milliseconds(250)) }
      }
    }
  }

  private static let batch = 1000

  private static let columns = [
    TableColumn("POSITION", "position"), TableColumn("RECORDED", "recorded_at"), TableColumn("BY", "actor"), TableColumn("WHAT", "what"),
    TableColumn("TYPE", "type", wide: true), TableColumn("STREAM", "stream", wide: true), TableColumn("DATA", "data", wide: true),
  ]

  /// For people: each event with its sentence.
  private func told(_ events: [JSON], _ documents: EventDocuments) async throws -> [JSON] {
    guard common.output == .table || common.output == .wide, !events.isEmpty else { return events }
    let sentences = try await documents.sentences(events.compactMap { $0["position"]?.integer.map(Int64.init) })
    return events.map { event in
      var event = event
      event["what"] = .string(event["position"]?.integer.flatMap { sentences[Int64($0)] } ?? event["type"]?.string ?? "")
      return event
    }
  }

  private func show(_ events: [JSON]) {
    for event in events {
      switch common.output {
      case .json: Terminal.print(event.description)
      case .yaml: Terminal.print("---\n" + YAML.text(event).trimmingCharacters(in: .newlines))
      case .name: Terminal.print(event["id"]?.string ?? "")
      case .table, .wide:
        let line = zip(Events.columns, [6, 19, 16, 0]).map { column, width in
          let cell = column.cell(event)
          return cell + String(repeating: " ", count: max(0, width - cell.count))
        }.joined(separator: "  ")
        let rest = [event["type"]?.string, event["stream"]?.string, event["data"]?.description].compactMap { $0 }.joined(separator: "  ")
        Terminal.print(common.output == .wide ? line + "  " + rest : line)
      }
    }
  }
}
