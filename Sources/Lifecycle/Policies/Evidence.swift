public import Foundation
public import Values

/// Something that changes the picture on which people approve a deployment.
public struct Evidence: Codable, Equatable, Sendable {
  /// What it speaks about.
  public enum Subject: Codable, Hashable, Sendable {
    case version(VersionName)
    case model(String)
    case endpoint(String)
  }

  /// The event that tells of it.
  public var event: UUID
  /// Its place in the log; nil while it is not sealed, and then it is later than whatever anybody has seen.
  public var position: Int64?
  /// What it speaks about.
  public var subject: Subject
  /// What has changed, in words.
  public var what: String

  /// Whether somebody who had read the log up to a position has not seen it.
  public func isUnseen(at position: Int64) -> Bool { self.position.map { $0 > position } ?? true }

  /// Whether it speaks about what is proposed here.
  public func concerns(_ version: VersionName, at endpoint: String) -> Bool { Evidence.subjects(of: version, at: endpoint).contains(subject) }

  static func subjects(of version: VersionName, at endpoint: String) -> [Subject] { [.version(version), .model(version.model), .endpoint(endpoint)] }
}

/// Finds in the log what changes the picture on which people approve: a newer evaluation of the version, an alert raised or worsened on
/// the model, a rollback, a changed gate or rollout. A routine measurement does not.
///
/// A fold over facts in their order. It remembers what is declared, to tell a change from a repetition, and the newest evidence on each
/// subject.
public struct EvidenceBook: Sendable {
  private var endpoints = Keyed<EndpointSpecification>()
  private var gates = Keyed<[GateRule]>()
  /// The subjects of alerts that are open.
  private var alerts = Keyed<AlertSubject>()
  private var newest = Keyed<Evidence>()

  /// Facts that can be evidence.
  public static let types = [
    "run_evaluated", "alert_raised", "alert_escalated", "rollback_decided", "endpoint_defined", "endpoint_removed", "pipeline_defined",
  ]
  /// Facts without which some of those cannot be read: of a stream on which there is one of them, all of these are needed.
  public static let contextTypes = ["alert_pending", "alert_raised", "alert_escalated", "endpoint_defined", "endpoint_removed", "pipeline_defined"]

  /// As before the first fact.
  public init() {}

  mutating func restore(key: String, entry: JSON) throws {
    let (kind, rest) = split(key: key)
    switch kind {
    case "declared": try endpoints.restore(key: rest, entry: entry)
    case "gate": try gates.restore(key: rest, entry: entry)
    case "alert": try alerts.restore(key: rest, entry: entry)
    default: try newest.restore(key: rest, entry: entry)
    }
  }

  mutating func takeChanges(prefix: String) throws -> [String: JSON] {
    try endpoints.takeChanges(prefix: prefix + "declared/").merging(gates.takeChanges(prefix: prefix + "gate/")) { $1 }
      .merging(alerts.takeChanges(prefix: prefix + "alert/")) { $1 }.merging(newest.takeChanges(prefix: prefix + "newest/")) { $1 }
  }

  /// Takes a fact in.
  /// - Returns: the evidence that it is; nil for a fact that changes no picture.
  public mutating func take(_ record: FactRecord) -> Evidence? {
    guard let (subject, what) = read(record) else { return nil }
    let evidence = Evidence(event: record.id, position: record.position, subject: subject, what: what)
    newest[EvidenceBook.key(subject)] = evidence
    return evidence
  }

  /// The newest evidence on what is proposed here; nil when there never was any.
  public func newest(on version: VersionName, at endpoint: String) -> Evidence? {
    Evidence.subjects(of: version, at: endpoint).compactMap { newest[EvidenceBook.key($0)] }.max { ($0.position ?? .max) < ($1.position ?? .max) }
  }

  private mutating func read(_ record: FactRecord) -> (Evidence.Subject, String)? {
    let name = record.name
    switch record.fact {
    case .runEvaluated(let fact):
      return (.version(fact.challenger), "\(fact.challenger) was evaluated: the gate is \(fact.passed ? "" : "not ")passed")
    case .alertPending(let fact): alerts[name] = fact.subject
    case .alertRaised(let fact):
      alerts[name] = fact.subject
      return EvidenceBook.subject(of: fact.subject).map { ($0, "alert \(fact.subject.rule) was raised: \(fact.condition)") }
    case .alertEscalated(let fact):
      guard let subject = alerts[name] else { return nil }
      return EvidenceBook.subject(of: subject).map { ($0, "alert \(subject.rule) worsened to \(fact.severity): \(fact.reason)") }
    case .alertResolved, .alertMarkedFalse: alerts[name] = nil
    case .rollbackDecided(let fact): return (.model(fact.from.model), "\(name) is rolled back from \(fact.from) to \(fact.to)")
    case .endpointDefined(let specification):
      defer { endpoints[name] = specification }
      return endpoints[name].flatMap { specification.changes(since: $0) }.map { (.endpoint(name), "\($0) of \(name) changed") }
    case .endpointRemoved:
      endpoints[name] = nil
      return (.endpoint(name), "endpoint \(name) was removed")
    case .pipelineDefined(let specification):
      defer { gates[name] = specification.evaluate.gate }
      guard let before = gates[name], before != specification.evaluate.gate else { return nil }
      return (.model(specification.model), "the gate of pipeline \(name) changed")
    default: break
    }
    return nil
  }

  private static func subject(of alert: AlertSubject) -> Evidence.Subject? { alert.model.map { .model($0) } ?? alert.endpoint.map { .endpoint($0) } }

  private static func key(_ subject: Evidence.Subject) -> String {
    switch subject {
    case .version(let version): "version/\(version)"
    case .model(let name): "model/\(name)"
    case .endpoint(let name): "endpoint/\(name)"
    }
  }
}

extension EndpointSpecification {
  /// What of the way of a version into traffic is declared otherwise than before, in words; nil when nothing is.
  fileprivate func changes(since before: EndpointSpecification) -> String? {
    let changed = [
      rollout.stages == before.rollout.stages ? nil : "the stages", rollout.approvals == before.rollout.approvals ? nil : "the approvals needed",
      rollback == before.rollback ? nil : "the rollback rules", target == before.target ? nil : "the target", model == before.model ? nil : "the model",
    ].compactMap { $0 }
    return changed.isEmpty ? nil : changed.joined(separator: " and ")
  }
}
