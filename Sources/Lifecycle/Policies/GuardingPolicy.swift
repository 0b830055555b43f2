internal import Foundation
public import Values

/// Labelled windows into comparisons of a new version with the one it replaces, and comparisons into rollback.
///
/// While both serve, their arms of the same window are compared. Once the new version serves alone, the evaluation command predicts
/// the window's labelled rows with both. Comparing goes on until traffic next changes. Each window counts once, when it first has an answer.
public struct GuardingPolicy: Policy {
  /// Names its checkpoint, for good.
  public static let name = "guarding"

  /// A deployment that is watched.
  struct Watch: Codable, Equatable, Sendable {
    var endpoint: String
    /// For each rule, the analyses in a row that found it met.
    var worse: [String: [UUID]] = [:]
    /// Windows that had an answer.
    var counted = CountedWindows()
    var isCompleted = false
  }

  private var endpoints = Keyed<EndpointState>()
  private var monitors = Keyed<MonitorSpecification>()
  private var pipelines = Keyed<PipelineSpecification>()
  private var watches = Keyed<Watch>()

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws {
    let (prefix, rest) = split(key: key)
    switch prefix {
    case "endpoint": try endpoints.restore(key: rest, entry: entry)
    case "monitor": try monitors.restore(key: rest, entry: entry)
    case "pipeline": try pipelines.restore(key: rest, entry: entry)
    default: try watches.restore(key: rest, entry: entry)
    }
  }

  public mutating func takeChanges() throws -> [String: JSON] {
    try endpoints.takeChanges(prefix: "endpoint/").merging(monitors.takeChanges(prefix: "monitor/")) { $1 }
      .merging(pipelines.takeChanges(prefix: "pipeline/")) { $1 }.merging(watches.takeChanges(prefix: "deployment/")) { $1 }
  }

  public mutating func react(to record: FactRecord) -> [Command] {
    if record.stream.hasPrefix("endpoint/") {
      endpoints[record.name, default: EndpointState()].evolve(record)
      return []
    }
    switch record.fact {
    case .monitorDefined(let specification): monitors[specification.name] = specification
    case .monitorRemoved: monitors[record.name] = nil
    case .pipelineDefined(let specification): pipelines[specification.name] = specification
    case .pipelineRemoved: pipelines[record.name] = nil
    case .deploymentProposed(let fact): watches[record.name] = Watch(endpoint: fact.endpoint)
    case .deploymentCompleted: complete(record.name)
    case .deploymentAborted, .deploymentRejected, .deploymentSuperseded, .deploymentRolledBack: watches[record.name] = nil
    case .measurementRecorded(let measurement):
      guard measurement.part == .quality, !measurement.late, let monitor = monitors[record.name] else { return [] }
      return endpoints.entries.keys.sorted().compactMap { compare(measurement, monitor, endpoint: $0) }
    case .analysisRecorded(let analysis): return count(analysis, record)
    default: break
    }
    return []
  }

  /// Whatever completed before at the endpoint serves no more.
  private mutating func complete(_ key: String) {
    guard let endpoint = watches[key]?.endpoint else { return }
    for (other, watch) in watches.entries where watch.endpoint == endpoint && watch.isCompleted { watches[other] = nil }
    watches[key]?.isCompleted = true
  }

  private func hasAnswer(_ window: WindowReference, _ deployment: DeploymentID) -> Bool {
    watches[deployment.description].map { !$0.counted.admits(window) } ?? false
  }

  private func compare(_ measurement: MeasurementRecorded, _ monitor: MonitorSpecification, endpoint name: String) -> Command? {
    guard let endpoint = endpoints[name], let specification = endpoint.specification, specification.model == monitor.model,
      !specification.rollback.isEmpty, let plan = endpoint.plan, let since = endpoint.servingSince, measurement.window.endAt >= since
    else { return nil }
    if let candidate = plan.candidate {
      guard !plan.shadow, plan.share > 0, let rollout = endpoint.rollout, !hasAnswer(measurement.window, rollout.deployment) else { return nil }
      let analysis = ArmComparison(champion: plan.current, challenger: candidate, minimumRows: monitor.window.minimumRows)
        .analyse(measurement, rules: specification.rollback)
      return .deployment(rollout.deployment, .recordAnalysis(analysis))
    }
    guard let replaced = endpoint.replaced, let deployment = endpoint.deployment, !hasAnswer(measurement.window, deployment) else { return nil }
    func inconclusive(_ reason: String) -> Command {
      .deployment(
        deployment,
        .recordAnalysis(
          AnalysisRecorded(
            kind: "paired", window: measurement.window, champion: replaced, challenger: plan.current, rows: measurement.rows, results: [],
            outcome: .inconclusive, reason: reason)))
    }
    guard measurement.rows >= monitor.window.minimumRows else {
      return inconclusive("\(measurement.rows) labelled rows, and \(monitor.window.minimumRows) are needed")
    }
    let candidates = pipelines.entries.values.filter { $0.model == monitor.model }.sorted { $0.name < $1.name }
    guard let pipeline = candidates.first(where: { $0.deploy == name }) ?? candidates.first else {
      return inconclusive("no pipeline of \(monitor.model) has an evaluation command")
    }
    return .deployment(
      deployment,
      .requestComparison(
        ComparisonRequested(
          endpoint: name, model: monitor.model, monitor: monitor.name, window: measurement.window, champion: replaced, challenger: plan.current,
          specification: pipeline, rules: specification.rollback)))
  }

  private mutating func count(_ analysis: AnalysisRecorded, _ record: FactRecord) -> [Command] {
    guard let id = DeploymentID(stream: record.stream), var watch = watches[record.name], analysis.outcome != .inconclusive,
      watch.counted.admits(analysis.window), let rules = endpoints[watch.endpoint]?.specification?.rollback
    else { return [] }
    defer { watches[record.name] = watch }
    watch.counted.count(analysis.window)
    for result in analysis.results {
      switch result.outcome {
      case .worse: watch.worse[result.rule, default: []].append(record.id)
      case .notWorse: watch.worse[result.rule] = []
      case .inconclusive: break
      }
    }
    for rule in rules {
      guard
        let result = analysis.results.first(where: { $0.metric == rule.metric.text && $0.margin == rule.limit && $0.outcome == .worse }),
        let worse = watch.worse[result.rule], worse.count >= rule.for
      else { continue }
      watch.worse = [:]
      let windows = rule.for == 1 ? "a window" : "\(rule.for) windows in a row"
      return [
        .rollBack(
          endpoint: watch.endpoint, leaving: analysis.challenger,
          reason: "\(rule.metric) of \(analysis.challenger) is \(result.inWords(against: analysis.champion)) in \(windows)",
          because: Array(worse.dropLast()), otherwise: AlertID(cause: id.uuid, policy: GuardingPolicy.name, name: watch.endpoint))
      ]
    }
    return []
  }
}

extension AnalysisResult {
  /// Tells the rules of an endpoint apart.
  fileprivate var rule: String { "\(metric) \(margin)" }

  /// `0.81, that of breast-cancer/1 is 0.94 (difference -0.13, -0.18…-0.08)`
  func inWords(against champion: VersionName) -> String {
    func short(_ value: Double?) -> String { value.map { JSON(($0 * 10_000).rounded() / 10_000).description } ?? "?" }
    let interval = difference.count == 3 ? " (difference \(short(difference[0])), \(short(difference[1]))…\(short(difference[2])))" : ""
    return "\(short(challenger)), that of \(champion) is \(short(self.champion))\(interval)"
  }
}
