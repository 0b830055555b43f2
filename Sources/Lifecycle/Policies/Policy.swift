public import Foundation
public import Values

/// Turns facts into commands: measurements into alerts, alerts into runs, runs into deployments, comparisons into rollback.
///
/// Pure: a fold over facts in their order. What it remembers is a set of keyed entries, so that a process that takes over
/// reads them back, and after each batch only those that changed are written.
public protocol Policy: Sendable {
  /// Stands in the log as the actor `kedge/NAME` and names the follower.
  static var name: String { get }
  /// Remembers nothing.
  init()
  /// Takes a fact in and says what is to be done about it.
  mutating func react(to record: FactRecord) -> [Command]
  /// Reads back an entry that `takeChanges` gave out.
  mutating func restore(key: String, entry: JSON) throws
  /// The entries that changed since the last call, null for those that are gone.
  mutating func takeChanges() throws -> [String: JSON]
}

/// What a policy wants done. Each is decided on its target stream, as that stands at that moment; a refusal appends nothing.
public enum Command: Equatable, Sendable {
  case alert(AlertID, AlertCommand)
  case requestRun(RunID, RunRequested)
  case skipSchedule(String, ScheduleSkipped)
  case deployment(DeploymentID, DeploymentCommand)
  /// Begin, if it may and the endpoint is free.
  case startRollout(DeploymentID, endpoint: String)
  /// Go to the next stage, or complete, if it is time.
  case advanceRollout(DeploymentID, endpoint: String)
  case endRollout(DeploymentID, endpoint: String, RolloutOutcome)
  /// Send traffic back because `leaving` does worse. When there is no version to go back to, that is an alert.
  case rollBack(endpoint: String, leaving: VersionName, reason: String, because: [UUID], otherwise: AlertID)
  case moveAlias(model: String, alias: String, VersionName)
  case requestMessage(channel: String, MessageRequested)
  /// Look at a stream again at a time.
  case setDeadline(stream: String, DeadlineSet)
  case ruleDataLost(rule: String, RuleDataLost)
  case ruleDataReturned(rule: String, RuleDataReturned)
  case endSilence(SilenceID, SilenceEnded)
  case freeze(endpoint: String, reason: String)
  /// Send traffic back to the last good version, whichever serves.
  case sendBack(endpoint: String, reason: String)
}

/// Entries of one kind by key, which remembers which of them changed.
struct Keyed<Entry: Codable & Equatable & Sendable>: Sendable {
  private(set) var entries: [String: Entry] = [:]
  private var changed: Set<String> = []

  subscript(key: String) -> Entry? {
    get { entries[key] }
    set {
      guard entries[key] != newValue else { return }
      entries[key] = newValue
      changed.insert(key)
    }
  }

  /// Changes an entry where it lies, without comparing it with what it was: for what changes with nearly every fact.
  mutating func modify<Result>(_ key: String, default entry: @autoclosure () -> Entry, _ body: (inout Entry) -> Result) -> Result {
    changed.insert(key)
    return body(&entries[key, default: entry()])
  }

  mutating func restore(key: String, entry: JSON) throws { entries[key] = try entry.decode() }

  /// The changed entries under keys that begin with `prefix`.
  mutating func takeChanges(prefix: String) throws -> [String: JSON] {
    defer { changed = [] }
    var changes: [String: JSON] = [:]
    for key in changed { changes[prefix + key] = try entries[key].map { try JSON(encoding: $0) } ?? .null }
    return changes
  }
}

/// Splits `prefix/rest`.
func split(key: String) -> (prefix: String, rest: String) {
  let slash = key.firstIndex(of: "/") ?? key.endIndex
  return (String(key[..<slash]), String(key[slash...].dropFirst()))
}
