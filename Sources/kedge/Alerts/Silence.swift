internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct Silence: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "silence", abstract: "Tells nobody of certain alerts for a while; what was missed is told at the end.",
    discussion: guide(
      "What is given must all fit. The log goes on as ever: alerts come and go in it, and the silence stands in it with who wanted it and why.",
      example: "kedge silence --monitor breast-cancer-live --for 2h --reason 'the lab moves'", .notFound))

  @Option(help: "Alerts on this monitor.") var monitor: String?
  @Option(help: "Alerts of this rule.") var rule: String?
  @Option(help: "Alerts about this model.") var model: String?
  @Option(name: .customLong("for"), help: ArgumentHelp("How long, e.g. 2h.", valueName: "duration")) var span: SpanArgument?
  @Option(help: ArgumentHelp("Until when, e.g. 2026-11-23T06:10:00Z.", valueName: "time")) var until: TimeArgument?
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if monitor == nil, rule == nil, model == nil { throw ValidationError("nothing to silence: name it with --monitor, --rule or --model") }
    if (span == nil) == (until == nil) { throw ValidationError("say how long, with --for or --until, and with one of them only") }
  }

  func run() async throws {
    let now = Timestamp.now()
    let end = until?.time ?? now + (span?.span ?? .zero).duration
    guard end > now else { throw Complaint(.badUsage, "--until \(end): that is over already; name a time in the future") }
    let matcher = SilenceMatcher(monitor: monitor, rule: rule, model: model)
    // The same key gives the same silence.
    let id = SilenceID(writing.idempotencyKey.map { UUID(namespace: Silence.namespace, name: $0) } ?? UUID())
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["silence_started"]) { transaction in
        let lookup = Lookup(database: transaction)
        for (kind, name) in [("monitor", monitor), ("rule", rule), ("model", model)] {
          if let name, try await !lookup.exists("\(kind)/\(name)") { throw Refusal.unknown("there is no \(kind) \(name)") }
        }
        return Target(stream: id.stream, id: id.description)
      } decide: { session, target, _ in
        let state = try await session.load(SilenceState.self, target.stream)
        session.record(try state.start(SilenceStarted(matching: matcher, untilAt: end, reason: writing.reason), at: now), on: target.stream)
      }
      try change.report(changed, "silence \(changed.id) lasts until \(end)")
    }
  }

  private static let namespace = UUID(uuid: (0x6b, 0x65, 0x64, 0x67, 0x65, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x02))
}

/// A span of time such as `2h` on the command line.
struct SpanArgument: ExpressibleByArgument {
  let span: Span

  init?(argument: String) {
    guard let span = Span(argument), span > .zero else { return nil }
    self.span = span
  }
}

/// A time on the command line: RFC 3339.
struct TimeArgument: ExpressibleByArgument {
  let time: Timestamp

  init?(argument: String) {
    guard let time = Timestamp(argument) else { return nil }
    self.time = time
  }
}
