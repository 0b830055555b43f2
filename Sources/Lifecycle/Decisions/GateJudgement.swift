extension GateRule {
  /// Applies the rule to what was computed.
  /// - Parameters:
  ///   - value: the challenger's; nil when it could not be computed.
  ///   - champion: the champion's; nil without a champion, `.some(nil)` when there is one and its value could not be computed.
  public func judge(_ value: Double?, champion: Double??) -> GateResult {
    func result(_ outcome: String, limit: Double?) -> GateResult {
      GateResult(metric: metric.text, outcome: outcome, passed: outcome == "passed", value: value, limit: limit, rule: description)
    }
    switch bound {
    case .absolute(let bound):
      guard let value else { return result("not_computable", limit: bound.limit) }
      return result(bound.holds(for: value) ? "passed" : "failed", limit: bound.limit)
    case .notWorseThanChampionBy(let margin):
      guard let champion else { return result("not_applicable", limit: nil) }
      guard let value, let champion else { return result("not_computable", limit: nil) }
      let limit = metric.largerIsBetter == false ? champion + margin : champion - margin
      return result((metric.largerIsBetter == false ? value <= limit : value >= limit) ? "passed" : "failed", limit: limit)
    }
  }

  /// Whether a gate is passed: by every rule that applies, and at least one of them absolute.
  public static func pass(_ gate: [GateRule], _ results: [GateResult]) -> Bool {
    zip(gate, results).contains { $0.isAbsolute && $1.passed } && results.allSatisfy { $0.passed || $0.outcome == "not_applicable" }
  }
}

extension GateRule: CustomStringConvertible {
  /// `accuracy above 0.9`, `accuracy not worse than the champion by 0.01`
  public var description: String {
    switch bound {
    case .absolute(let bound): "\(subject) \(bound.word.split(separator: "_").joined(separator: " ")) \(bound.limit)"
    case .notWorseThanChampionBy(let margin): "\(subject) not worse than the champion by \(margin)"
    }
  }

  /// `accuracy`, `demographic_parity_difference by site`
  private var subject: String { group.map { "\(metric) by \($0)" } ?? metric.text }
}

extension RunEvaluated {
  /// The same evaluation under another gate. What the gate that was applied says too, stands; a metric by group is known only where that one
  /// names it.
  public func judged(by gate: [GateRule]) -> RunEvaluated {
    var evaluation = self
    evaluation.gate = gate.map { rule in
      if let judged = self.gate.first(where: { $0.rule == rule.description }) { return judged }
      let name = rule.metric.text
      let value =
        rule.group == nil
        ? metrics["challenger"]?[name] : self.gate.first { $0.metric == name && $0.rule.hasPrefix("\(name) by \(rule.group ?? "") ") }?.value
      return rule.judge(value, champion: champion == nil ? .none : .some(metrics["champion"]?[name]))
    }
    evaluation.passed = GateRule.pass(gate, evaluation.gate)
    return evaluation
  }
}
