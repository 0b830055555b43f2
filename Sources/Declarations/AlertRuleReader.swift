internal import Lifecycle

extension Fields {
  func rule() -> AlertRuleSpecification? {
    let name = resourceName("an alert rule")
    let monitor = required("monitor", "the name of the monitor whose measurements are judged")?.name("a monitor")
    let condition = required("when", Fields.conditionExample).flatMap { $0.condition(depth: 0) }
    var rule = AlertRuleSpecification(name: name ?? "", monitor: monitor ?? "", when: condition ?? AlertCondition(metric: "", .atLeast(0)))
    // A test says drift by chance in one window of twenty, in three in a row once in eight thousand.
    let isDrift = rule.when.comparisons.contains { $0.metric.isDrift && !$0.isDetector }
    rule.for = optional("for", default: isDrift ? 3 : 1) { $0.spell() }
    rule.resolveAfter = optional("resolve_after", default: isDrift ? 2 : 1) { $0.spell() }
    rule.keepFiring = optional("keep_firing", default: .zero) { $0.span() }
    rule.cooldown = optional("cooldown", default: .zero) { $0.span() }
    rule.minimumRows = optional("minimum_rows", default: 0) { $0.integer(0...Int(Int32.max), "a number of rows, from 0") }
    rule.noData = section("no_data", "e.g. {after: 3h, then: alert}") { $0.noData() }
    rule.severity = optional("severity", default: .warning) { $0.choice(AlertSeverity.self) }
    rule.levels = optional("levels", default: []) { value in
      let example = "a level, e.g. {at_least: 0.5, severity: critical}"
      return value.list("a list of levels, e.g. [{at_least: 0.5, severity: critical}]") { Fields($0, example).flatMap { $0.level() } }
    }
    rule.escalate = section("escalate", "e.g. {after: 30m, severity: critical, notify: [pager]}") { $0.escalation() }
    rule.flapping = section("flapping", "e.g. {count: 4, within: 1d}") { $0.flapping() }
    rule.maintenance = optional("maintenance", default: []) { value in
      let example = "a window, e.g. {cron: \"0 2 * * 0\", for: 2h, time_zone: Europe/Berlin}"
      return value.list("a list of windows, e.g. [{cron: \"0 2 * * 0\", for: 2h}]") { Fields($0, example).flatMap { $0.maintenance() } }
    }
    rule.inhibitedBy = optional("inhibited_by", default: []) { $0.list("a list of alert rules") { $0.name("an alert rule") } }
    rule.group = section("group", "e.g. {by: monitor, wait: 1m}") { $0.grouping() }
    rule.notify = optional("notify", default: []) { $0.list("a list of channels") { $0.name("a channel") } }
    rule.actions = optional("actions", default: []) { value in
      let example = "an action, e.g. {freeze: breast-cancer-prod, at_most_a_day: 1}"
      return value.list("a list of actions, e.g. [{freeze: breast-cancer-prod}]") { Fields($0, example).flatMap { $0.action() } }
    }
    if rule.for != 1, rule.when.comparisons.contains(where: \.isDetector) {
      // Reported where it stands.
      let _: Void? = value("for")?.refuse("1 for a detector: it finds a change in one window and starts afresh; keep_firing holds the alert")
    }
    finish()
    return name == nil || monitor == nil || condition == nil ? nil : rule
  }

  private func section<Result>(_ name: String, _ example: String, _ read: (Fields) -> Result?) -> Result? {
    optional(name) { Fields($0, example).flatMap(read) }
  }

  private func noData() -> NoDataRule? {
    let after = required("after", "a span of time, e.g. 3h")?.span(positive: .positive)
    let then = optional("then", default: .alert) { $0.choice(NoDataRule.Reaction.self) }
    finish()
    return after.map { NoDataRule(after: $0, then: then) }
  }

  private func level() -> SeverityLevel? {
    let limit = bound([])?.absolute
    let severity = required("severity", "info, warning or critical")?.choice(AlertSeverity.self)
    finish()
    guard let limit, let severity else { return nil }
    return SeverityLevel(limit, severity)
  }

  private func escalation() -> Escalation? {
    let after = required("after", "a span of time, e.g. 30m")?.span(positive: .positive)
    let severity = optional("severity", default: .critical) { $0.choice(AlertSeverity.self) }
    let notify = optional("notify", default: []) { $0.list("a list of channels") { $0.name("a channel") } }
    finish()
    return after.map { Escalation(after: $0, severity: severity, notify: notify) }
  }

  private func flapping() -> Flapping? {
    let count = required("count", "how many alerts, from 2")?.integer(2...1000, "a whole number from 2 to 1000")
    let within = required("within", "a span of time, e.g. 1d")?.span(positive: .positive)
    finish()
    guard let count, let within else { return nil }
    return Flapping(count: count, within: within)
  }

  private func maintenance() -> MaintenanceWindow? {
    let schedule = cronAndZone()
    let lasts = required("for", "how long it lasts, e.g. 2h")?.span(positive: .positive)
    finish()
    guard let (cron, zone) = schedule, let lasts else { return nil }
    return MaintenanceWindow(cron: cron, timeZone: zone, lasts: lasts)
  }

  private func grouping() -> AlertGrouping? {
    let by = optional("by", default: .monitor) { $0.choice(AlertGrouping.Subject.self) }
    let wait = optional("wait", default: .minutes(1)) { $0.span() }
    finish()
    return AlertGrouping(by: by, wait: wait)
  }

  private func action() -> AlertAction? {
    let choice = one(of: ["retrain", "freeze", "rollback", "command", "call"], "an action: retrain, freeze, rollback, command or call")
    let atMost = optional("at_most_a_day") { $0.integer(1...10_000, "a whole number from 1") }
    let severity = optional("severity", default: .info) { $0.choice(AlertSeverity.self) }
    let hours = section("hours", "e.g. {between: \"08:00-18:00\", time_zone: Europe/Berlin}") { $0.hours() }
    finish()
    guard let (word, value) = choice else { return nil }
    let deed: AlertAction.Deed? =
      switch word {
      case "retrain": value.name("a pipeline").map { .retrain(pipeline: $0) }
      case "freeze": value.name("an endpoint").map { .freeze(endpoint: $0) }
      case "rollback": value.name("an endpoint").map { .rollBack(endpoint: $0) }
      case "command": value.command().map { .command($0) }
      default: value.url().map { .call(url: $0) }
      }
    return deed.map { AlertAction($0, atMostADay: atMost, severity: severity, hours: hours) }
  }

  private func hours() -> HoursOfDay? {
    let expected = "a stretch of the day, e.g. \"08:00-18:00\""
    let between = required("between", expected)
    let zone = timeZone()
    finish()
    guard let between, let text = between.text(expected) else { return nil }
    let hours = HoursOfDay(between: text, timeZone: zone)
    return hours.isValid ? hours : between.refuse(expected)
  }
}

extension Value {
  /// How long something must last.
  func spell() -> AlertSpell? {
    let expected = "a number of windows in a row from 1, a span of time such as 30m, or windows such as \"3 of 5\""
    guard let text = anyText(expected) else { return nil }
    if let windows = Int(text) { return (1...10_000).contains(windows) ? .windows(windows) : refuse(expected) }
    return AlertSpell(text) ?? refuse(expected)
  }
}
