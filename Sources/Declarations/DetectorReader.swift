internal import Lifecycle
internal import Yams

extension Value {
  /// A streaming detector: its name alone, or with settings.
  /// - Parameter metric: what it reads; nil when that was wrong.
  func detector(of metric: MetricName?) -> DetectorSpecification? {
    // A name alone is a detector without settings.
    let whole = node.scalar == nil ? node : .mapping(Node.Mapping([(Node("name"), node)], Tag(.map), .any, node.mark))
    let found = Fields(Value(whole, path: path, in: context), "a detector, e.g. adwin or {name: page_hinkley, threshold: 0.5}").flatMap { $0.detector() }
    guard let found else { return nil }
    guard !found.takesSharesOnly || metric?.isShare != false else {
      let name = found.name.rawValue
      return refuse("adwin, page_hinkley or kswin: \(name) takes values from 0 to 1 only", found: "\(name) of \(metric?.text ?? "")")
    }
    return found
  }

  fileprivate func chance() -> Double? { number("a chance between 0 and 1") { $0 > 0 && $0 < 1 } }
}

extension Fields {
  fileprivate func detector() -> DetectorSpecification? {
    let name = required("name", Value.either(DetectorSpecification.Name.allCases.map(\.rawValue)))?.choice(DetectorSpecification.Name.self)
    // What else may stand there depends on it.
    guard let name else { return nil }
    let found: DetectorSpecification?
    switch name {
    case .adwin: found = .adwin(delta: optional("delta", default: 0.002) { $0.chance() })
    case .kswin:
      let windows = "a number of windows, from 20 to 1000"
      found = .kswin(alpha: optional("alpha", default: 0.005) { $0.chance() }, windows: optional("windows", default: 100) { $0.integer(20...1000, windows) })
    case .pageHinkley:
      let threshold = required("threshold", "how far the sum may stray, in the metric's own unit")?.number("a number above 0") { $0 > 0 }
      let delta = optional("delta", default: 0.005) { $0.number("a change that is tolerated, from 0") { $0 >= 0 } }
      let windows = optional("windows", default: 30) { $0.integer(1...1000, "a number of windows, from 1 to 1000") }
      let direction = direction(.both)
      found = threshold.map { .pageHinkley(threshold: $0, delta: delta, windows: windows, direction: direction) }
    case .hddmA: found = .hddmA(confidence: optional("confidence", default: 0.001) { $0.chance() }, direction: direction(.both))
    case .hddmW: found = .hddmW(confidence: optional("confidence", default: 0.001) { $0.chance() }, direction: direction(.both))
    }
    finish()
    return found
  }

  private func direction(_ standard: DetectorSpecification.Direction) -> DetectorSpecification.Direction {
    optional("direction", default: standard) { $0.choice(DetectorSpecification.Direction.self) }
  }
}
