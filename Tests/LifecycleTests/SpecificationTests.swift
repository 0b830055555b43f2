import Lifecycle
import Testing
import Values

struct SpecificationTests {
  static let declarations: [Declaration] = [
    .model(ModelSpecification(name: "risk/fraud", task: .classification, tags: ["teamName": "a", "cost_center": "b"])),
    .pool(PoolSpecification(name: "gpu", slots: 2)),
    .monitor(
      MonitorSpecification(
        name: "live", model: "risk/fraud", baseline: .file("/data/reference.csv"),
        window: MonitorWindow(source: .files("/data/incoming/*.csv"), labels: "/data/labels/*.csv", every: .minutes(5), minimumRows: 50),
        columns: MonitorColumns(id: "id", prediction: "predicted", exclude: ["zip"]),
        tests: MonitorTests(driftShare: 0.5, columns: ["mean radius": ColumnTest(test: "psi", threshold: 0.2), "meanArea_x": ColumnTest(test: "ks")]))
    ),
    .monitor(
      MonitorSpecification(
        name: "posted", model: "risk/fraud",
        baseline: .sql(SQLSource(connection: CredentialReference(.environment("WAREHOUSE")), query: "select 1")),
        window: MonitorWindow(source: .predictions))),
    .rule(
      AlertRuleSpecification(
        name: "drifted", monitor: "live", when: AlertCondition(metric: "drift.share", .atLeast(0.2)), for: 2, resolveAfter: 3, cooldown: .hours(6),
        severity: .critical, notify: ["ops"])),
    .pipeline(
      PipelineSpecification(
        name: "retrain", model: "risk/fraud",
        trigger: [
          .alert(rule: "drifted"), .alerts(rule: "drifted", count: 3, within: .days(7)), .schedule(cron: "0 2 * * *", timeZone: "Europe/Berlin"),
        ],
        train: TrainSpecification(trainer: .command(["python3", "train.py"], directory: "/data"), timeout: .minutes(30), retries: 2, pool: "gpu"),
        evaluate: EvaluateSpecification(
          command: ["python3", "evaluate.py"],
          gate: [
            GateRule(metric: "accuracy", .absolute(.above(0.9))), GateRule(metric: "accuracy", .notWorseThanChampionBy(0.01)),
            GateRule(metric: "demographic_parity_difference", group: "site", .absolute(.atMost(0.1))),
          ]),
        deploy: "prod", parameters: ["maxDepth": 3, "nested_key": ["a": [1, 2.5, nil], "leaf_size": ["minSamples": 2, "max_depth": 3]]])),
    .endpoint(
      EndpointSpecification(
        name: "prod", model: "risk/fraud", target: .local(directory: "/srv/live", health: "http://127.0.0.1:8080/healthz"),
        rollout: RolloutSpecification(stages: [
          RolloutStage(shadow: true, traffic: 0, hold: .minutes(5)), RolloutStage(traffic: 5, hold: .seconds(90), requireConclusive: true),
          RolloutStage(traffic: 100),
        ]),
        rollback: [RollbackRule(metric: "accuracy", .belowChampionBy(0.05), for: 2), RollbackRule(metric: "log_loss", .aboveChampionBy(0.1))])),
    .channel(
      ChannelSpecification(
        name: "slack", kind: .slack(token: CredentialReference(.environment("SLACK_API_TOKEN")), channel: "#model-monitoring", api: nil))),
    .channel(ChannelSpecification(name: "hook", kind: .slackWebhook(url: CredentialReference(.file("/run/secrets/hook"))))),
    .channel(ChannelSpecification(name: "ops", kind: .http(url: "http://127.0.0.1:9/x", secret: CredentialReference(.environment("S"))))),
    .channel(
      ChannelSpecification(
        name: "own",
        kind: .http(
          url: "http://127.0.0.1:9/x", secret: nil,
          template: HTTPTemplate(body: ["text": "{{title}}"], headers: ["X-Key": CredentialReference(.environment("K"))])))),
    .channel(
      ChannelSpecification(
        name: "mail",
        kind: .email(
          EmailSettings(
            server: "smtp://mail.example.com:587", user: "kedge", password: CredentialReference(.environment("P")), starttls: true,
            certificateAuthority: "/etc/ca.pem", from: "Kedge <kedge@example.com>", to: ["on-call@example.com"])))),
    .channel(
      ChannelSpecification(
        name: "am",
        kind: .alertmanager(
          AlertmanagerSettings(url: "http://127.0.0.1:9093", token: CredentialReference(.environment("T")), labels: ["team": "ml"], every: .minutes(2))))),
    .channel(
      ChannelSpecification(name: "pd", kind: .pagerduty(routingKey: CredentialReference(.environment("R")), api: "https://events.eu.pagerduty.com"))),
    .channel(ChannelSpecification(name: "teams", kind: .teams(url: CredentialReference(.environment("T"))))),
    .channel(
      ChannelSpecification(
        name: "azure",
        kind: .azureMonitor(
          AzureMonitorSettings(
            tenant: "t", client: "c", secret: CredentialReference(.environment("S")), login: "http://127.0.0.1:9",
            metrics: .init(region: "westeurope", resource: "/subscriptions/x", namespace: "n", api: "http://127.0.0.1:9"),
            logs: .init(endpoint: "http://127.0.0.1:9", rule: "dcr-1", stream: "Custom-Kedge_CL"))))),
  ]

  @Test(arguments: declarations)
  func `a specification reads back from its JSON as it was`(declaration: Declaration) throws {
    let json = try declaration.specification()
    #expect(try Declaration(kind: declaration.kind, specification: JSON(parsing: json.description)) == declaration)
  }

  @Test func `the JSON of a specification uses the words of the declaration`() throws {
    let rule = try Self.declarations[4].specification()
    #expect(rule["when"] == ["metric": "drift.share", "at_least": 0.2])
    #expect(rule["resolve_after"] == 3)
    #expect(rule["cooldown"] == "6h")
    let pipeline = try Self.declarations[5].specification()
    #expect(pipeline["trigger"]?[2] == ["schedule": ["cron": "0 2 * * *", "time_zone": "Europe/Berlin"]])
    #expect(pipeline["evaluate"]?["gate"]?[1] == ["metric": "accuracy", "not_worse_than_champion_by": 0.01])
    #expect(pipeline["train"]?["command"] == ["python3", "train.py"])
    let endpoint = try Self.declarations[6].specification()
    #expect(endpoint["rollback"]?[0] == ["metric": "accuracy", "below_champion_by": 0.05, "for": 2])
    #expect(try Self.declarations[0].specification()["tags"] == ["teamName": "a", "cost_center": "b"])
  }

  @Test func `a declaration names its stream and what it refers to`() {
    #expect(Self.declarations.map(\.streamName).prefix(5) == ["model/risk/fraud", "pool/gpu", "monitor/live", "monitor/posted", "rule/drifted"])
    #expect(
      Self.declarations[5].references.map(\.streamName)
        == ["model/risk/fraud", "rule/drifted", "rule/drifted", "pool/gpu", "endpoint/prod"])
  }
}

struct SpanTests {
  @Test(arguments: [
    ("90s", 90), ("5m", 300), ("6h", 21_600), ("7d", 604_800), ("1h30m", 5400), ("1d2h3m4s", 93_784), ("0", 0), ("0s", 0),
  ])
  func `a span reads its text`(text: String, seconds: Int) throws {
    let span = try #require(Span(text))
    #expect(span == .seconds(seconds))
    #expect(Span(span.description) == span)
  }

  @Test func `milliseconds can be written`() { #expect(Span("1s500ms") == Span(.milliseconds(1500))) }

  @Test(arguments: ["", "5", "m", "5 m", "-5m", "1.5h", "30m1h", "5m5m", "5min", "1e3s", "9999999999999d", "٣m", "5m "])
  func `what is no span is refused`(text: String) { #expect(Span(text) == nil) }

  @Test func `the text of a span is the shortest`() {
    #expect(Span.seconds(90).description == "1m30s")
    #expect(Span.hours(24).description == "1d")
    #expect(Span.zero.description == "0s")
  }

  @Test func `a negative duration is no span`() { #expect(Span(.seconds(-1)) == .zero) }
}

struct ResourceNameTests {
  @Test(arguments: ["breast-cancer", "risk/fraud", "a.b_c", "v1", "1a", "a/2b", String(repeating: "a", count: 200)])
  func `a good name is taken`(text: String) throws { #expect(try ResourceName(text).text == text) }

  @Test(arguments: ["", "Risk", "a b", "a//b", "/a", "a/", "a/3", "3", "..", "a/../b", "é", String(repeating: "a", count: 201)])
  func `a bad name is refused`(text: String) { #expect(throws: ResourceName.Refusal.self) { try ResourceName(text) } }
}

struct CredentialReferenceTests {
  @Test func `references name a variable or a file`() {
    #expect(CredentialReference("env:SLACK_API_TOKEN")?.source == .environment("SLACK_API_TOKEN"))
    #expect(CredentialReference("file:/run/secrets/x")?.text == "file:/run/secrets/x")
  }

  @Test(arguments: ["env:SLACK_API_TOKEN", "env:_a1", "file:secrets/token", "file:/run/a b:c"])
  func `a reference prints as it was written, and is written as text`(text: String) throws {
    let reference = try #require(CredentialReference(text))
    #expect("\(reference)" == text)
    #expect(try JSON(encoding: reference) == .string(text))
    #expect(try JSON.string(text).decode(CredentialReference.self) == reference)
  }

  @Test(arguments: [
    "xoxb-SECRET", "https://hooks.slack.com/services/T/B/SECRET", "", "env:", "env:1SECRET", "env:SE-CRET", "env:SE CRET", "env:SÉCRET", "env:SECRET\0",
    "env:SECRET\n", "ENV:SECRET", " env:SECRET", "SECRET:env", "file:", "file:SEC\0RET", "FILE:SECRET",
  ])
  func `what is no reference is refused without repeating it`(text: String) {
    #expect(CredentialReference(text) == nil)
    #expect {
      try JSON.string(text).decode(CredentialReference.self)
    } throws: { error in
      !"\(error)".contains("SEC") && "\(error)".contains("env:NAME or file:PATH")
    }
  }
}

struct MetricNameTests {
  @Test func `a column's metric keeps the dots of its name`() {
    #expect(MetricName("column.mean radius.score").subject == .column("mean radius", .score))
    #expect(MetricName("column.a.b.p_value").subject == .column("a.b", .pValue))
    #expect(MetricName("missing.a.b").subject == .missing("a.b"))
  }

  @Test(arguments: ["drift", "column.x", "column.score", "column..score", "missing.", "accurcay", ""])
  func `what is not measured has no meaning`(text: String) { #expect(MetricName(text).subject == nil) }

  @Test func `a metric knows its part of the measurements`() {
    #expect(MetricName("accuracy").part == .quality)
    #expect(MetricName("mean_confidence").part == .input)
    #expect(MetricName("drift.share").part == .input)
  }
}
