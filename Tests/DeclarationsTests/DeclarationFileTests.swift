import Declarations
import Foundation
import Lifecycle
import Testing
import Values

struct DeclarationFileTests {
  @Test func `the documents of a file are read in order`() throws {
    let found = try DeclarationFile.parse(text: example, file: "kedge.yaml", directory: "/srv/example")
    #expect(
      found.map(\.value.streamName) == [
        "model/breast-cancer", "pool/default", "monitor/breast-cancer-live", "rule/inputs-drifted", "pipeline/breast-cancer-retrain",
        "endpoint/breast-cancer-prod", "channel/ml-slack",
      ])
    #expect(found[2].position == SourcePosition(line: 10, column: 1))
    #expect(found[2].position(of: "window.every") == SourcePosition(line: 17, column: 10))
    try DeclarationFile.check(found, declared: [])
  }

  @Test func `a monitor is read with absolute paths`() throws {
    #expect(
      try parse(example)[2]
        == .monitor(
          MonitorSpecification(
            name: "breast-cancer-live", model: "breast-cancer", baseline: .file("/srv/example/reference.csv"),
            window: MonitorWindow(
              source: .files("/srv/example/incoming/*.csv"), labels: "/srv/example/labels/*.csv", every: .hours(1), minimumRows: 100),
            columns: MonitorColumns(
              id: "id", version: "version", time: "at", prediction: "predicted", probability: "score", label: "diagnosis", group: "site"),
            tests: MonitorTests(driftShare: 0.5, columns: ["mean radius": ColumnTest(test: "psi", threshold: 0.2)]))))
  }

  @Test func `windows and baseline may be queries of a database`() throws {
    let text = """
      kind: Monitor
      name: m
      model: a
      baseline: {sql: {connection: "file:warehouse.url", query: "select x from t"}}
      window: {sql: {connection: env:WAREHOUSE_URL, query: "select x from t where at >= :from and at < :to"}, every: 30m}
      """
    let warehouse = try #require(CredentialReference("env:WAREHOUSE_URL"))
    let monitor = MonitorSpecification(
      name: "m", model: "a", baseline: .sql(SQLSource(connection: CredentialReference(.file("/srv/example/warehouse.url")), query: "select x from t")),
      window: MonitorWindow(
        source: .sql(SQLSource(connection: warehouse, query: "select x from t where at >= :from and at < :to")), every: .minutes(30)))
    #expect(try parse(text) == [.monitor(monitor)])
    let printed = try DeclarationFile.print([.monitor(monitor)])
    #expect(try parse(printed) == [.monitor(monitor)])
  }

  @Test func `a pipeline is read with its gate and parameters`() throws {
    #expect(
      try parse(example)[4]
        == .pipeline(
          PipelineSpecification(
            name: "breast-cancer-retrain", model: "breast-cancer",
            trigger: [
              .alert(rule: "inputs-drifted"), .alerts(rule: "inputs-drifted", count: 3, within: .days(7)),
              .schedule(cron: "0 2 * * *", timeZone: "Europe/Berlin"),
            ],
            train: TrainSpecification(
              trainer: .command(["python3", "train.py", "--trees", "300"], directory: "/srv/example"), timeout: .minutes(30), retries: 2,
              pool: "default"),
            evaluate: EvaluateSpecification(
              command: ["python3", "evaluate.py"],
              gate: [
                GateRule(metric: "accuracy", .absolute(.above(0.9))), GateRule(metric: "accuracy", .notWorseThanChampionBy(0.01)),
                GateRule(metric: "demographic_parity_difference", group: "site", .absolute(.atMost(0.1))),
              ]),
            deploy: "breast-cancer-prod",
            parameters: ["trees": 300, "leaf_size": nil, "nested": ["maxDepth": [1, 2.5, "3", "yes"]]])))
  }

  @Test func `an endpoint is read with its stages`() throws {
    #expect(
      try parse(example)[5]
        == .endpoint(
          EndpointSpecification(
            name: "breast-cancer-prod", model: "breast-cancer",
            target: .local(directory: "/srv/example/live", health: "http://127.0.0.1:8080/healthz"),
            rollout: RolloutSpecification(
              approvals: 1,
              stages: [
                RolloutStage(shadow: true, traffic: 0, hold: .minutes(5)), RolloutStage(traffic: 5, hold: .minutes(10)),
                RolloutStage(traffic: 50, hold: .minutes(10), requireConclusive: true), RolloutStage(traffic: 100),
              ]),
            rollback: [RollbackRule(metric: "accuracy", .belowChampionBy(0.05), for: 2)])))
  }

  @Test func `what is left out has its default`() throws {
    let text = """
      kind: Monitor
      name: m
      model: a
      window: {files: "/data/*.csv"}
      ---
      kind: Endpoint
      name: e
      model: a
      target: {local: {directory: ../live/./x}}
      ---
      kind: AlertRule
      name: r
      monitor: m
      when: {metric: "column.a.b.score", below: -1e-3}
      ---
      kind: Channel
      name: c
      http: {url: "https://example.com/hook?x=1", secret: "file:secrets/hook"}
      ---
      kind: Channel
      name: w
      webhook: {url: env:HOOK}
      """
    #expect(
      try parse(text) == [
        .monitor(
          MonitorSpecification(name: "m", model: "a", window: MonitorWindow(source: .files("/data/*.csv"), every: .hours(1), minimumRows: 100))),
        .endpoint(
          EndpointSpecification(
            name: "e", model: "a", target: .local(directory: "/srv/live/x", health: nil),
            rollout: RolloutSpecification(approvals: 1, stages: [RolloutStage(traffic: 100)]))),
        .rule(
          AlertRuleSpecification(
            name: "r", monitor: "m", when: AlertCondition(metric: "column.a.b.score", .below(-0.001)), for: 3, resolveAfter: 2, cooldown: .zero,
            severity: .warning, notify: [])),
        .channel(
          ChannelSpecification(
            name: "c", kind: .http(url: "https://example.com/hook?x=1", secret: CredentialReference(.file("/srv/example/secrets/hook"))))),
        .channel(ChannelSpecification(name: "w", kind: .slackWebhook(url: CredentialReference(.environment("HOOK"))))),
      ])
  }

  @Test func `a URL that is a secret may be a reference`() throws {
    #expect(
      try parse("kind: Channel\nname: c\nhttp: {url: env:HOOK_URL}\n") == [
        .channel(ChannelSpecification(name: "c", kind: .http(url: "env:HOOK_URL", secret: nil)))
      ])
  }

  @Test func `every kind of channel is read, and printed as it is read again`() throws {
    let text = """
      kind: Channel
      name: mail
      email: {server: "smtp://mail.example.com:587", user: kedge, password: env:P, certificate_authority: ca.pem, from: "Kedge <k@example.com>", to: [a@example.com]}
      ---
      kind: Channel
      name: am
      alertmanager: {url: "http://127.0.0.1:9093/", labels: {team: ml}, every: 30s}
      ---
      kind: Channel
      name: pager
      pagerduty: {routing_key: env:KEY, api: "https://events.eu.pagerduty.com"}
      ---
      kind: Channel
      name: teams
      teams: {url: env:WORKFLOW}
      ---
      kind: Channel
      name: azure
      azure_monitor:
        tenant: 11111111-0000-0000-0000-000000000000
        client: app
        secret: env:S
        metrics: {region: westeurope, resource: /subscriptions/s/resourceGroups/g/providers/p/x}
        logs: {endpoint: "https://dce.westeurope-1.ingest.monitor.azure.com", rule: dcr-1, stream: Custom-Kedge_CL}
      ---
      kind: Channel
      name: own
      http:
        url: "https://example.com/hook"
        headers: {X-Key: env:K}
        body: {text: "{{title}}", list: [1, "{{value}}"]}
      """
    let channels = try parse(text)
    let kinds = channels.map { if case .channel(let channel) = $0 { "\(channel.kind)" } else { "" } }
    #expect(kinds.count == 6 && kinds[0].contains("/srv/example/ca.pem") && kinds[1].contains("\"http://127.0.0.1:9093\""))
    #expect(try parse(DeclarationFile.print(channels)) == channels)
  }

  @Test func `the declarations of the example are in order`() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../ops/examples/breast-cancer/kedge.yaml").standardized
    let found = try DeclarationFile.parse(
      [DeclarationSource(file: "kedge.yaml", directory: "/srv", bytes: Array(Data(contentsOf: path)))], declared: [])
    #expect(
      found.map(\.value.streamName) == [
        "model/breast-cancer", "pool/default", "monitor/breast-cancer-live", "rule/inputs-drifted", "rule/accuracy-low",
        "pipeline/breast-cancer-retrain",
        "endpoint/breast-cancer-prod", "channel/operations",
      ])
  }

  @Test func `the example of channels has one of each kind, in order`() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../ops/examples/channels.yaml").standardized
    let found = try DeclarationFile.parse(
      [DeclarationSource(file: "channels.yaml", directory: "/srv", bytes: Array(Data(contentsOf: path)))], declared: [])
    let kinds = found.compactMap { if case .channel(let channel) = $0.value { "\(channel.kind)".prefix { $0 != "(" } } else { nil } }
    #expect(Set(kinds) == ["slack", "slackWebhook", "email", "alertmanager", "pagerduty", "teams", "azureMonitor", "http"] && found.count == 9)
  }

  @Test func `a byte order mark, carriage returns and comments do not matter`() throws {
    let text =
      "\u{FEFF}# a comment\r\nkind: Pool\r\nname: gpu # the big one\r\nslots: 4\r\n---\r\n---\r\nkind: Pool\r\nname: cpu\r\nslots: 9\r\n...\r\n"
    #expect(try parse(text) == [.pool(PoolSpecification(name: "gpu", slots: 4)), .pool(PoolSpecification(name: "cpu", slots: 9))])
  }

  @Test func `anchors and aliases are read`() throws {
    let text = "kind: Model\nname: a\ntask: regression\ntags: {x: &x yes, y: *x}\n"
    #expect(try parse(text) == [.model(ModelSpecification(name: "a", task: .regression, tags: ["x": "yes", "y": "yes"]))])
  }
}
