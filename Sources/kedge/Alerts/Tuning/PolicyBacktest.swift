internal import ArgumentParser
internal import Declarations
internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Reports
internal import Values

struct PolicyBacktest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest", abstract: "Replays what was measured through other rules, beside what happened.",
    discussion: guide(
      """
      The files declare rules as for `kedge apply`; they are supposed to have been in force from the beginning. Nothing is appended and nobody is told.
      Alerts that people acknowledged or resolved count as confirmed, those that they marked as false alarms as false: precision is the share of the
      first among both, and the delay is counted from the end of the first bad window.
      """,
      example: "kedge policy backtest -f rules.yaml --since 90d\nkedge policy backtest -f rules.yaml --since 90d --picture backtest.svg -o json"))

  @OptionGroup var files: FileOptions
  @Option(help: ArgumentHelp("Counts alerts from then on: a time, or a span such as 90d; else all.", valueName: "time|duration")) var since: Since?
  @OptionGroup var picture: PictureOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let sources = try files.sources()
    let now = Timestamp.now()
    let start = try since?.time(before: now)
    try await common.withDatabase { client in
      let declared = try await Specifications(database: client).all()
      let declarations = try DeclarationFile.parse(sources, declared: declared).map(\.value)
      let rules = declarations.compactMap { if case .rule(let rule) = $0 { rule.name } else { nil } }
      guard !rules.isEmpty else { throw Complaint(.badUsage, "the files declare no alert rule; name one that does") }
      let report = try await Backtest(Hypothesis(declarations: declarations), on: client).run { position, head in
        common.remark("kedge: read up to position \(position) of \(head)")
      }
      for stream in report.halted { common.say("kedge: \(stream.text) is left out from an event on that cannot be read; `kedge get projections` tells more") }
      let verdicts = rules.map { RuleVerdict($0, happened: report.happened, wouldHaveHappened: report.wouldHaveHappened, since: start) }
      try picture.write(draw(rules, report, start, now))
      render(verdicts, report, start)
    }
  }

  private func render(_ verdicts: [RuleVerdict], _ report: Backtest.Report, _ start: Timestamp?) {
    let items = verdicts.map(json)
    func runs(_ outcomes: Outcomes) -> JSON { JSON(outcomes.runs.count { start == nil || $0.at >= start! }) }
    Renderer(format: common.output).document(
      [
        "since": JSON(start), "position": .integer(report.position), "events": .integer(Int64(report.events)), "rules": .array(items),
        "runs": ["happened": runs(report.happened), "would": runs(report.wouldHaveHappened)],
      ]
    ) {
      if common.output == .name { return verdicts.map(\.rule).joined(separator: "\n") }
      return Renderer.table(items, PolicyBacktest.columns, width: common.output == .wide ? nil : Terminal.width)
    }
  }

  private static let columns = [
    TableColumn("RULE", "rule"), TableColumn("RAISED", "happened.raised"), TableColumn("WOULD", "would.raised"), TableColumn("SAME", "same"),
    TableColumn("GONE", "gone_count"), TableColumn("NEW", "new_count"), TableColumn("FALSE", "happened.false_alarms"),
    TableColumn("WOULD", "would.false_alarms"), TableColumn("PRECISION", "happened.precision"), TableColumn("WOULD", "would.precision"),
    TableColumn("NOTICED", "happened.noticed"), TableColumn("WOULD", "would.noticed"), TableColumn("DELAY", "happened.delay"),
    TableColumn("WOULD", "would.delay"),
  ]

  private func json(_ verdict: RuleVerdict) -> JSON {
    func world(_ world: RuleVerdict.World) -> JSON {
      [
        "raised": JSON(world.raised), "confirmed": JSON(world.confirmed), "false_alarms": JSON(world.falseAlarms), "precision": JSON(world.precision),
        "incidents_noticed": JSON(world.incidentsNoticed), "noticed": .string("\(world.incidentsNoticed)/\(verdict.incidents)"),
        "median_seconds_to_detect": JSON(world.medianDelay?.inSeconds), "delay": JSON(world.medianDelay.map(PolicyBacktest.inWords)),
      ]
    }
    return [
      "rule": .string(verdict.rule), "incidents": JSON(verdict.incidents), "happened": world(verdict.happened), "would": world(verdict.wouldHaveHappened),
      "same": JSON(verdict.same), "gone_count": JSON(verdict.gone.count), "new_count": JSON(verdict.new.count),
      "gone": .array(verdict.gone.map(\.json)), "new": .array(verdict.new.map(\.json)),
    ]
  }

  private static func inWords(_ delay: Duration) -> String {
    delay < .zero ? "-\(Span.seconds(Int(-delay.inSeconds)))" : Span.seconds(Int(delay.inSeconds)).description
  }

  private func draw(_ rules: [String], _ report: Backtest.Report, _ start: Timestamp?, _ now: Timestamp) -> String {
    func own(_ outcomes: Outcomes, _ rule: String) -> [Outcomes.Alert] {
      outcomes.alerts.filter { $0.raised.subject.rule == rule && (start == nil || $0.at >= start!) }
    }
    let lanes = rules.map { rule in
      let happened = own(report.happened, rule)
      // What would be raised has the colour of what people said of what was.
      let would = own(report.wouldHaveHappened, rule).map { alert in
        AlertPicture.Span(alert, happened.first { $0.mark != .unmarked && $0.overlaps(alert) }?.mark ?? .unmarked)
      }
      return AlertPicture.Lane(rule: rule, happened: happened.map { AlertPicture.Span($0, $0.mark) }, wouldHaveHappened: would)
    }
    // Nothing is drawn of the time before there was anything to judge.
    let begin = [report.measuredSince].compactMap { $0 } + lanes.flatMap { $0.happened + $0.wouldHaveHappened }.map(\.from)
    let first = begin.min() ?? now - .seconds(86_400)
    return AlertPicture.backtest(lanes, from: start.map { max($0, first) } ?? first, to: now)
  }
}
