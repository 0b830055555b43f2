internal import Lifecycle

extension Fields {
  func pipeline() -> PipelineSpecification? {
    let name = resourceName("a pipeline")
    let model = required("model", "the name of the model that is trained")?.name("a model")
    let trigger = optional("trigger", default: []) { value in
      value.list("a list of triggers, e.g. [{alert: inputs-drifted}]") {
        Fields($0, "a trigger, e.g. {alert: inputs-drifted}").flatMap { $0.trigger() }
      }
    }
    let trainExample = "who trains, e.g. {command: [python3, train.py], timeout: 30m}"
    let train = required("train", trainExample).flatMap { Fields($0, trainExample) }.flatMap { $0.train() }
    let evaluateExample = "who evaluates, e.g. {command: [python3, evaluate.py], gate: [{metric: accuracy, above: 0.9}]}"
    let evaluate = required("evaluate", evaluateExample).flatMap { Fields($0, evaluateExample) }.flatMap { $0.evaluate() }
    let deploy = optional("deploy") { $0.name("an endpoint") }
    let parameters = optional("parameters", default: [:]) { value in
      value.members("keys and values that the trainer understands").map { members in
        Dictionary(members.compactMap { key, value in value.json().map { (key, $0) } }, uniquingKeysWith: { $1 })
      }
    }
    finish()
    guard let name, let model, let train, let evaluate else { return nil }
    return PipelineSpecification(name: name, model: model, trigger: trigger, train: train, evaluate: evaluate, deploy: deploy, parameters: parameters)
  }

  private func trigger() -> Trigger? {
    let choice = one(of: ["alert", "alerts", "schedule"], "a trigger: alert, alerts or schedule")
    finish()
    guard let (kind, value) = choice else { return nil }
    switch kind {
    case "alert": return value.name("an alert rule").map { .alert(rule: $0) }
    case "alerts":
      return Fields(value, "e.g. {rule: inputs-drifted, count: 3, within: 7d}").flatMap { fields in
        let rule = fields.required("rule", "the name of an alert rule")?.name("an alert rule")
        let count = fields.required("count", "how many alerts")?.integer(1...10_000, "a whole number from 1")
        let within = fields.required("within", "a span of time, e.g. 7d")?.span(positive: .positive)
        fields.finish()
        guard let rule, let count, let within else { return nil }
        return .alerts(rule: rule, count: count, within: within)
      }
    default:
      return Fields(value, "e.g. {cron: \"0 2 * * *\", time_zone: Europe/Berlin}").flatMap { $0.schedule() }
    }
  }

  private func schedule() -> Trigger? {
    let schedule = cronAndZone()
    finish()
    return schedule.map { .schedule(cron: $0.cron, timeZone: $0.zone) }
  }

  /// A cron expression and whose clock it goes by.
  func cronAndZone() -> (cron: String, zone: String)? {
    let cron = required("cron", "a cron expression, e.g. \"0 2 * * *\"").flatMap { value in
      value.text("a cron expression, e.g. \"0 2 * * *\"").flatMap { text -> String? in
        do throws(CronExpression.Refusal) {
          return try CronExpression(text).text
        } catch {
          return value.refuse("a cron expression, e.g. \"0 2 * * *\": \(error.message)")
        }
      }
    }
    let zone = timeZone()
    return cron.map { ($0, zone) }
  }

  /// Whose clock something goes by: UTC unless it is declared otherwise.
  func timeZone() -> String {
    optional("time_zone", default: "UTC") { value in
      value.text("an IANA time zone, e.g. Europe/Berlin or UTC").flatMap { text -> String? in
        guard TimeZoneRules(text) != nil else {
          return value.refuse(
            "an IANA time zone, e.g. Europe/Berlin or UTC", suggestion: Suggestion.nearest(to: text, among: TimeZoneRules.knownIdentifiers))
        }
        return text
      }
    }
  }

  private func train() -> TrainSpecification? {
    let command = one(of: ["command"], unsupported: Supported.trainersLater, "a trainer, e.g. command: [python3, train.py]")?.value.command()
    let directory = optional("directory", default: context.absolute(".")) { $0.path("the path of a directory") }
    let train = TrainSpecification(
      trainer: .command(command ?? [], directory: directory),
      timeout: optional("timeout", default: .days(1)) { $0.span(positive: .positive) },
      retries: optional("retries", default: 0) { $0.integer(0...100, "a whole number from 0 to 100") },
      pool: optional("pool", default: PoolSpecification.implied.name) { $0.name("a pool") })
    finish()
    return command == nil ? nil : train
  }

  private func evaluate() -> EvaluateSpecification? {
    let command = required("command", "the program that writes predictions, e.g. [python3, evaluate.py]")?.command()
    let timeout = optional("timeout", default: Span.hours(1)) { $0.span(positive: .positive) }
    let example = "a list of conditions, e.g. [{metric: accuracy, above: 0.9}]"
    let gate = required("gate", example).flatMap { value -> [GateRule]? in
      guard let rules = value.list(example, { Fields($0, "a condition, e.g. {metric: accuracy, above: 0.9}").flatMap { $0.gateRule() } }) else {
        return nil
      }
      guard rules.contains(where: \.isAbsolute) else {
        return value.refuse(
          "at least one condition that needs no champion (at_least, at_most, above, below), else a first version could never pass",
          found: rules.isEmpty ? "an empty list" : "only conditions against the champion")
      }
      return rules
    }
    finish()
    guard let command, let gate else { return nil }
    return EvaluateSpecification(command: command, timeout: timeout, gate: gate)
  }

  private func gateRule() -> GateRule? {
    let metric = required("metric", "what is judged, e.g. accuracy")?.metric { subject in
      switch subject {
      // An evaluation has labels; it estimates nothing.
      case .prediction(let name): !name.hasPrefix("estimated_")
      case .quality: true
      case .driftShare, .driftedColumns, .rows, .lateness, .column, .missing, .version, .verdict, .segment, .posted, .health: false
      }
    }
    let group = optional("group") { $0.text("the name of a column") }
    let bound = bound(["not_worse_than_champion_by"])
    finish()
    guard let metric, let bound else { return nil }
    let isFairness = MetricName.fairnessMetrics.contains(metric.text)
    if isFairness, group == nil {
      context.report(position, path(of: "group"), found: "no such key", expected: "the column of the groups that \(metric) compares")
    } else if !isFairness, let group = value("group") {
      let _: Void? = group.refuse("no group: \(metric) does not compare groups")
    }
    switch bound {
    case .absolute(let limit): return GateRule(metric: metric, group: group, .absolute(limit))
    case .relative(_, let margin):
      guard metric.largerIsBetter != nil else {
        return value("metric")?.refuse("a metric of which more, or less, is better, because it is compared with the champion's")
      }
      return GateRule(metric: metric, group: group, .notWorseThanChampionBy(margin))
    }
  }
}
