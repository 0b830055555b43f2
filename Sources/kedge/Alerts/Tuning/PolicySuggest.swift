internal import ArgumentParser
internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Reports
internal import Values

struct PolicySuggest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suggest", abstract: "Proposes a threshold from what was measured, for a wanted number of alerts a month.",
    discussion: guide(
      "Tries thresholds on the measurements, with everything else of the rule as it is, and proposes the most watchful one that raises no more alerts "
        + "than are wanted. Nothing is changed: write the threshold into the rule's file and apply it.",
      example: "kedge policy suggest inputs-drifted --alerts-per-month 2 --since 90d --picture inputs-drifted.svg", .answerIsNo, .notFound))

  @Argument(help: "Name of the rule.") var rule: String
  @Option(help: ArgumentHelp("At most so many alerts in 30 days.", valueName: "number")) var alertsPerMonth = 1.0
  @Option(help: ArgumentHelp("Looks at what was measured from then on: a time, or a span such as 90d.", valueName: "time|duration"))
  var since: Since = .span(.days(90))
  @OptionGroup var picture: PictureOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard alertsPerMonth >= 0, alertsPerMonth.isFinite else { throw ValidationError("--alerts-per-month \(alertsPerMonth): give a number from 0") }
  }

  func run() async throws {
    let start = try since.time(before: .now())
    try await common.withDatabase { client in
      guard case .rule(let specification)? = try await Specifications(database: client).declared(DeclarationKey(.rule, rule)) else {
        throw Refusal.unknown("there is no rule \(rule)")
      }
      let measurements = try await records("monitor/\(specification.monitor)", client)
      let marked = try await alerts(client)
      let search: ThresholdSearch
      do throws(ThresholdSearch.Refusal) {
        search = try ThresholdSearch(specification, measurements: measurements, marked: marked, since: start, wanted: alertsPerMonth)
      } catch {
        throw Complaint(.badUsage, "rule \(rule): \(error)")
      }
      let incidents = marked.filter { $0.mark == .confirmed }.map { AlertPicture.Span($0, .confirmed) }
      try picture.write(
        AlertPicture.thresholds(
          rule: rule, metric: specification.when.description, values: search.values, current: search.current.limit, suggested: search.suggested?.limit,
          incidents: incidents))
      render(search, specification)
      guard search.suggested != nil else { throw Complaint(.answerIsNo, nil) }
    }
  }

  private func records(_ stream: String, _ client: PostgresClient) async throws -> [FactRecord] {
    var records: [FactRecord] = []
    var version: Int64 = 0
    while true {
      let events = try await EventStore(client).read(StreamName(stream), after: version, limit: 1000)
      for event in events where event.type == "measurement_recorded" {
        guard var record = try FactRecord(event) else { continue }
        // As alerts are: by when it was recorded.
        record.at = event.recordedAt
        records.append(record)
      }
      guard events.count == 1000, let last = events.last else { return records }
      version = last.version
    }
  }

  /// The alerts of the rule, with what people said of them.
  private func alerts(_ client: PostgresClient) async throws -> [Outcomes.Alert] {
    var outcomes = Outcomes()
    var position: Int64 = 0
    while true {
      let events = try await EventStore(client).readSealed(after: position, limit: 1000, streamPrefixes: ["alert/"])
      for event in events { if let record = try FactRecord(event) { outcomes.take(record) } }
      guard events.count == 1000, let last = events.last?.position else { break }
      position = last
    }
    return outcomes.alerts.filter { $0.raised.subject.rule == rule }
  }

  private func render(_ search: ThresholdSearch, _ specification: AlertRuleSpecification) {
    let items = shown(search).map { candidate in
      JSON([
        ("limit", JSON(candidate.limit)), ("alerts", JSON(candidate.alerts)), ("alerts_per_month", JSON(candidate.alertsPerMonth)),
        ("incidents_noticed", JSON(candidate.incidentsNoticed)), ("false_alarms", JSON(candidate.falseAlarms)),
        ("is", .string(candidate == search.suggested ? "suggested" : candidate == search.current ? "declared" : "")),
      ])
    }
    let bound = specification.when.comparisons.first?.bound
    Renderer(format: common.output).document(
      [
        "rule": .string(rule), "condition": .string(specification.when.description), "bound": JSON(bound?.word), "wanted": JSON(alertsPerMonth),
        "months": JSON(search.months), "values": JSON(search.values.count), "current": JSON(search.current.limit), "suggested": JSON(search.suggested?.limit),
        "candidates": .array(items),
      ]
    ) {
      if common.output == .name { return search.suggested.map { JSON($0.limit).description } ?? "" }
      let columns = [
        TableColumn((bound?.word ?? "limit").uppercased(), "limit"), TableColumn("ALERTS", "alerts"), TableColumn("A MONTH", "alerts_per_month"),
        TableColumn("INCIDENTS NOTICED", "incidents_noticed"), TableColumn("FALSE ALARMS", "false_alarms"), TableColumn("", "is"),
      ]
      let advice =
        search.suggested.map {
          "\n\(bound?.word ?? "limit"): \(JSON($0.limit)) raises \($0.alerts) alerts in \(days(search)), at most \(JSON(alertsPerMonth)) a month"
        }
        ?? "\nno threshold that was tried raises so few alerts; wait for more measurements, or want more"
      return Renderer.table(items, columns, width: common.output == .wide ? nil : Terminal.width) + advice
    }
  }

  /// Of thresholds that come to the same, the most watchful one; and always the declared and the suggested one.
  private func shown(_ search: ThresholdSearch) -> [ThresholdSearch.Candidate] {
    var shown: [ThresholdSearch.Candidate] = []
    for candidate in search.candidates {
      let isSame = shown.last.map { ($0.alerts, $0.incidentsNoticed, $0.falseAlarms) == (candidate.alerts, candidate.incidentsNoticed, candidate.falseAlarms) }
      if isSame != true || candidate == search.current || candidate == search.suggested { shown.append(candidate) }
    }
    return shown
  }

  private func days(_ search: ThresholdSearch) -> String {
    let days = Int((search.months * 30).rounded())
    return days == 1 ? "1 day" : "\(days) days"
  }
}
