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
    case .monitor(let monitor):
      require(.model, monitor.model, "model", of: declaration)
      if monitor.name == MonitorSpecification.kedge {
        report(declaration, "name", found: monitor.name, expected: "another name: rules name Kedge itself by it")
      }
    case .rule(let rule):
      if rule.monitor != MonitorSpecification.kedge { require(.monitor, rule.monitor, "monitor", of: declaration) }
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
    case .noData: break
    case .outcome(let outcome):
      if rule.monitor == MonitorSpecification.kedge {
        report(declaration, "\(path).outcome", found: outcome.rawValue, expected: "a metric such as kedge.lag_seconds: monitor kedge has no model")
      }
    }
  }

  private mutating func judge(_ metric: MetricName, _ path: String, of rule: AlertRuleSpecification, _ declaration: Located<Declaration>) {
    let isHealth = if case .health? = metric.subject { true } else { false }
    guard isHealth == (rule.monitor == MonitorSpecification.kedge) else {
      report(
        declaration, path, found: metric.text,
        expected: isHealth ? "a metric of monitor \(rule.monitor), or monitor: kedge" : "a metric such as kedge.lag_seconds, as monitor kedge has no others")
      return
    }
    guard case .monitor(let monitor)? = known[DeclarationKey(.monitor, rule.monitor)] else { return }
    guard fit(metric, to: monitor.model, path, of: declaration) else { return }
    // Whoever posts measurements needs no columns for them.
    if monitor.window.source == .measurements { return }
    if let missing = lack(of: metric, in: monitor) {
      report(declaration, path, found: metric.text, expected: "a metric that monitor \(monitor.name) can measure, or \(missing) in that monitor")
    }
  }

  /// What a monitor that measures by itself would have to declare for the metric; nil when nothing.
  private func lack(of metric: MetricName, in monitor: MonitorSpecification) -> String? {
    let columns = monitor.columns
    func needs(_ column: String?, _ name: String) -> String? { column == nil ? "columns.\(name)" : nil }
    func labels(_ name: String) -> String? {
      if case .files = monitor.window.source, monitor.window.labels == nil { return "window.labels" }
      return needs(columns.label, "label") ?? needs(columns.prediction ?? columns.probability, "prediction")
        ?? (MetricName.fairnessMetrics.contains(name) ? needs(columns.group, "group") : nil)
    }
    /// Losses, and whether a class is right, are estimated from the prediction; the rest from how sure it is.
    func prediction(_ name: String) -> String? {
      guard name.hasPrefix("estimated_") else { return needs(columns.probability, "probability") }
      let isOfPrediction = ["accuracy", "mae", "rmse", "mse"].contains(name.dropFirst("estimated_".count))
      return needs(columns.label, "label") ?? needs(columns.prediction, "prediction") ?? (isOfPrediction ? nil : needs(columns.probability, "probability"))
    }
    switch metric.subject {
    case .quality(let name), .verdict(let name): return labels(name)
    case .version(_, let name):
      return needs(columns.version, "version") ?? (MetricName.qualityMetrics.contains(name) ? labels(name) : prediction(name))
    case .segment(_, let field):
      guard case .metric(let name) = field else { return needs(columns.group, "group") }
      return needs(columns.group, "group") ?? (MetricName.qualityMetrics.contains(name) ? labels(name) : prediction(name))
    case .prediction(let name): return prediction(name)
    default: return nil
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
  /// - Returns: whether it fits.
  @discardableResult
  private mutating func fit(_ metric: MetricName, to model: String, _ path: String, of declaration: Located<Declaration>) -> Bool {
    guard case .model(let model)? = known[DeclarationKey(.model, model)] else { return true }
    let fitting = model.task == .regression ? MetricName.regressionMetrics : MetricName.classificationMetrics + MetricName.fairnessMetrics
    let possible: [String]
    switch metric.subject {
    case .quality: possible = fitting
    case .prediction:
      let estimated = MetricName.estimatedMetrics.filter(fitting.contains).map { "estimated_\($0)" }
      possible = model.task == .regression ? estimated : MetricName.predictionMetrics.filter { !$0.hasPrefix("estimated_") } + estimated
    default: return true
    }
    if possible.contains(metric.text) { return true }
    report(declaration, path, found: metric.text, expected: "a metric of \(model.task.rawValue): \(Value.either(possible))")
    return false
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
