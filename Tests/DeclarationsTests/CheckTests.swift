import Declarations
import Lifecycle
import Testing

struct CheckTests {
  static let gate = "evaluate: {command: [a], gate: [{metric: accuracy, above: 0}]}"

  @Test func `names that nobody declares are told where they stand`() {
    let text = """
      kind: AlertRule
      name: r
      monitor: liv
      when: {metric: drift.share, at_least: 0.2}
      notify: [ops, opps]
      ---
      kind: Pipeline
      name: p
      model: cancer
      trigger: [{alert: r}, {alerts: {rule: s, count: 2, within: 1d}}]
      train: {command: [a], pool: gpu}
      \(Self.gate)
      deploy: prod
      ---
      kind: Channel
      name: ops
      http: {url: "http://127.0.0.1/"}
      """
    let declared: [Declaration] = [
      .monitor(MonitorSpecification(name: "live", model: "a", window: MonitorWindow(source: .files("/x")))),
      .monitor(MonitorSpecification(name: "other", model: "a", window: MonitorWindow(source: .files("/x")))),
    ]
    #expect(
      mistakes(text, declared: declared) == [
        "k.yaml:3:10: monitor: found \"liv\"; expected the name of a declared monitor, such as live or other; did you mean \"live\"?",
        "k.yaml:5:15: notify[1]: found \"opps\"; expected the name of a declared channel, such as ops; did you mean \"ops\"?",
        "k.yaml:9:8: model: found \"cancer\"; expected the name of a declared model, of which there is none yet",
        "k.yaml:10:39: trigger[1].alerts.rule: found \"s\"; expected the name of a declared alert rule, such as r",
        "k.yaml:11:29: train.pool: found \"gpu\"; expected the name of a declared pool, of which there is none yet",
        "k.yaml:13:9: deploy: found \"prod\"; expected the name of a declared endpoint, of which there is none yet",
      ])
  }

  @Test func `the default pool need not be declared`() {
    #expect(
      mistakes(
        "kind: Model\nname: m\ntask: classification\n---\nkind: Pipeline\nname: p\nmodel: m\ntrain: {command: [a]}\n\(Self.gate)", declared: []) == []
    )
  }

  @Test func `metrics fit the task of the model and the endpoint the model`() {
    let text = """
      kind: Model
      name: price
      task: regression
      ---
      kind: Pipeline
      name: p
      model: price
      train: {command: [a]}
      \(Self.gate)
      deploy: prod
      ---
      kind: Endpoint
      name: prod
      model: other
      target: {local: {directory: live}}
      rollback: [{metric: accuracy, below_champion_by: 0.1}]
      """
    #expect(
      mistakes(text, declared: [.model(ModelSpecification(name: "other", task: .classification))]) == [
        "k.yaml:9:42: evaluate.gate[0].metric: found accuracy; expected a metric of regression: mae, rmse, mse, r2 or mean_error",
        "k.yaml:10:9: deploy: found endpoint prod, which serves model other; expected an endpoint that serves model price",
      ])
  }

  @Test func `a rule that its monitor can never answer is told`() {
    let text = """
      kind: Model
      name: a
      task: classification
      ---
      kind: Monitor
      name: m
      model: a
      window: {files: x}
      ---
      kind: AlertRule
      name: r
      monitor: m
      when: {metric: accuracy, below: 0.9}
      ---
      kind: AlertRule
      name: s
      monitor: m
      when: {metric: mean_confidence, below: 0.9}
      """
    #expect(
      mistakes(text, declared: []) == [
        "k.yaml:13:16: when.metric: found accuracy; expected a metric that monitor m can measure, or window.labels in that monitor",
        "k.yaml:18:16: when.metric: found mean_confidence; expected a metric that monitor m can measure, or columns.probability in that monitor",
      ])
  }

  @Test func `the same thing in two files is told`() {
    let sources = ["a.yaml", "b.yaml"].map { DeclarationSource(file: $0, directory: "/", bytes: Array("kind: Pool\nname: p\nslots: 1\n".utf8)) }
    let errors = #expect(throws: DeclarationErrors.self) { try DeclarationFile.parse(sources, declared: []) }
    #expect(errors?.description == "b.yaml:2:7: name: found Pool p a second time, after a.yaml:1; expected each declaration once")
  }

  @Test func `mistakes of all files are told at once`() {
    let sources = ["a.yaml", "b.yaml"].map { DeclarationSource(file: $0, directory: "/", bytes: Array("kind: Pool\nname: p\nslots: x\n".utf8)) }
    let errors = #expect(throws: DeclarationErrors.self) { try DeclarationFile.parse(sources, declared: []) }
    #expect(errors?.errors.map(\.file) == ["a.yaml", "b.yaml"])
  }
}
