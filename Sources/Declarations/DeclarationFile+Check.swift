public import Lifecycle

extension DeclarationFile {
  /// Checks what declarations say about each other: names that nobody declares, the same thing declared twice, metrics that do not fit the model's
  /// task, rules that could never be answered.
  /// - Parameter declared: what the database has declared already; what the files declare anew takes its place.
  /// - Throws: all mistakes at once.
  public static func check(_ declarations: [Located<Declaration>], declared: [Declaration]) throws(DeclarationErrors) {
    var check = DeclarationCheck(declared)
    for declaration in declarations { check.add(declaration) }
    for declaration in declarations { check.judge(declaration) }
    guard check.errors.isEmpty else { throw DeclarationErrors(check.errors) }
  }
}

private struct DeclarationCheck {
  var known: [DeclarationKey: Declaration]
  var seen: [DeclarationKey: Located<Declaration>] = [:]
  var errors: [DeclarationError] = []

  init(_ declared: [Declaration]) {
    known = Dictionary(declared.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
  }

  mutating func add(_ declaration: Located<Declaration>) {
    let key = declaration.value.key
    if let earlier = seen[key] {
      report(
        declaration, "name", found: "\(key.kind.rawValue) \(key.name) a second time, after \(earlier.file):\(earlier.position.line)",
        expected: "each declaration once")
    }
    seen[key] = declaration
    known[key] = declaration.value
  }

  mutating func judge(_ declaration: Located<Declaration>) {
    switch declaration.value {
    case .model, .pool, .channel: break
    case .monitor(let monitor): require(.model, monitor.model, "model", of: declaration)
    case .rule(let rule):
      require(.monitor, rule.monitor, "monitor", of: declaration)
      for (index, channel) in rule.notify.enumerated() { require(.channel, channel, "notify[\(index)]", of: declaration) }
      judge(rule, declaration)
    case .pipeline(let pipeline): judge(pipeline, declaration)
    case .endpoint(let endpoint):
      require(.model, endpoint.model, "model", of: declaration)
      for (index, rule) in endpoint.rollback.enumerated() {
        fit(rule.metric, to: endpoint.model, "rollback[\(index)].metric", of: declaration)
      }
    }
  }

  private mutating func judge(_ rule: AlertRuleSpecification, _ declaration: Located<Declaration>) {
    for (index, channel) in (rule.escalate?.notify ?? []).enumerated() { require(.channel, channel, "escalate.notify[\(index)]", of: declaration) }
    for (index, name) in rule.inhibitedBy.enumerated() { require(.rule, name, "inhibited_by[\(index)]", of: declaration) }
    for (index, action) in rule.actions.enumerated() {
      switch action.deed {
      case .retrain(let pipeline): require(.pipeline, pipeline, "actions[\(index)].retrain", of: declaration)
      case .freeze(let endpoint): require(.endpoint, endpoint, "actions[\(index)].freeze", of: declaration)
      case .rollBack(let endpoint): require(.endpoint, endpoint, "actions[\(index)].rollback", of: declaration)
      case .command, .call: break
      }
    }
    judge(rule.when, "when", of: rule, declaration)
  }

  private mutating func judge(_ condition: AlertCondition, _ path: String, of rule: AlertRuleSpecification, _ declaration: Located<Declaration>) {
    switch condition {
    case .all(let parts): for (index, part) in parts.enumerated() { judge(part, "\(path).all[\(index)]", of: rule, declaration) }
    case .any(let parts): for (index, part) in parts.enumerated() { judge(part, "\(path).any[\(index)]", of: rule, declaration) }
    case .comparison(let comparison): judge(comparison.metric, "\(path).metric", of: rule, declaration)
    case .noData, .outcome: break
    }
  }

  private mutating func judge(_ metric: MetricName, _ path: String, of rule: AlertRuleSpecification, _ declaration: Located<Declaration>) {
    guard case .monitor(let monitor)? = known[DeclarationKey(.monitor, rule.monitor)] else { return }
    fit(metric, to: monitor.model, path, of: declaration)
    // Whoever posts measurements needs no columns for them.
    if monitor.window.source == .measurements { return }
    switch metric.subject {
    case .quality(let name):
      let missing: String? =
        if case .files = monitor.window.source, monitor.window.labels == nil { "window.labels" } else if monitor.columns.label == nil {
          "columns.label"
        } else if monitor.columns.prediction == nil && monitor.columns.probability == nil {
          "columns.prediction"
        } else if MetricName.fairnessMetrics.contains(name) && monitor.columns.group == nil { "columns.group" } else { nil }
      if let missing {
        report(declaration, path, found: name, expected: "a metric that monitor \(monitor.name) can measure, or \(missing) in that monitor")
      }
    case .version where monitor.columns.version == nil:
      report(declaration, path, found: metric.text, expected: "a metric that monitor \(monitor.name) can measure, or columns.version in that monitor")
    case .prediction(let name) where monitor.columns.probability == nil:
      report(
        declaration, path, found: name, expected: "a metric that monitor \(monitor.name) can measure, or columns.probability in that monitor"
      )
    default: break
    }
  }

  private mutating func judge(_ pipeline: PipelineSpecification, _ declaration: Located<Declaration>) {
    require(.model, pipeline.model, "model", of: declaration)
    for (index, trigger) in pipeline.trigger.enumerated() {
      switch trigger {
      case .alert(let rule): require(.rule, rule, "trigger[\(index)].alert", of: declaration)
      case .alerts(let rule, _, _): require(.rule, rule, "trigger[\(index)].alerts.rule", of: declaration)
      case .schedule: break
      }
    }
    if pipeline.train.pool != PoolSpecification.implied.name { require(.pool, pipeline.train.pool, "train.pool", of: declaration) }
    for (index, rule) in pipeline.evaluate.gate.enumerated() {
      fit(rule.metric, to: pipeline.model, "evaluate.gate[\(index)].metric", of: declaration)
    }
    guard let name = pipeline.deploy else { return }
    require(.endpoint, name, "deploy", of: declaration)
    if case .endpoint(let endpoint)? = known[DeclarationKey(.endpoint, name)], endpoint.model != pipeline.model {
      report(
        declaration, "deploy", found: "endpoint \(name), which serves model \(endpoint.model)",
        expected: "an endpoint that serves model \(pipeline.model)")
    }
  }

  private mutating func require(_ kind: DeclarationKind, _ name: String, _ path: String, of declaration: Located<Declaration>) {
    guard known[DeclarationKey(kind, name)] == nil else { return }
    let names = known.keys.filter { $0.kind == kind }.map(\.name).sorted()
    let expected =
      names.isEmpty
      ? "the name of a declared \(kind.word), of which there is none yet"
      : "the name of a declared \(kind.word), such as \(Value.either(Array(names.prefix(5))))"
    report(declaration, path, found: DocumentContext.quote(name), expected: expected, suggestion: Suggestion.nearest(to: name, among: names))
  }

  /// A metric of classifiers is none of regressions, and the other way round.
  private mutating func fit(_ metric: MetricName, to model: String, _ path: String, of declaration: Located<Declaration>) {
    guard case .model(let model)? = known[DeclarationKey(.model, model)], case .quality(let name)? = metric.subject else { return }
    let fits = model.task == .regression ? MetricName.regressionMetrics : MetricName.classificationMetrics + MetricName.fairnessMetrics
    if !fits.contains(name) { report(declaration, path, found: name, expected: "a metric of \(model.task.rawValue): \(Value.either(fits))") }
  }

  private mutating func report(_ declaration: Located<Declaration>, _ path: String, found: String, expected: String, suggestion: String? = nil) {
    errors.append(
      DeclarationError(
        file: declaration.file, position: declaration.position(of: path), key: path, found: found, expected: expected, suggestion: suggestion))
  }
}

extension DeclarationKind {
  /// The kind in a sentence.
  fileprivate var word: String { self == .rule ? "alert rule" : category }
}
