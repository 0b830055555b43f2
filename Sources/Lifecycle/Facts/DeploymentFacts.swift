public import Foundation
public import Values

/// A version is to serve at an endpoint.
public struct DeploymentProposed: Codable, Equatable, Sendable {
  /// Where it is to serve.
  public var endpoint: String
  /// Whose version it is.
  public var model: String
  /// What is to serve.
  public var version: VersionName
  /// What serves now; nil for an endpoint's first version.
  public var replaces: VersionName?
  /// The run that made the version, when a policy proposes it.
  public var run: RunID?
  /// Approvals needed.
  public var approvals: Int
  /// The stages as they were declared at that moment.
  public var stages: [RolloutStage]
  /// Proposed by a policy and not by a person.
  public var automatic: Bool
  /// Whether the version passed the gate of its evaluation.
  public var gatePassed: Bool
  /// People who asked for it: whoever requested the run or promoted. None of them may approve.
  public var requestedBy: [Person]

  /// Takes the values as they are; nothing is checked.
  public init(
    endpoint: String, model: String, version: VersionName, replaces: VersionName?, run: RunID?, approvals: Int, stages: [RolloutStage],
    automatic: Bool, gatePassed: Bool, requestedBy: [Person]
  ) {
    self.endpoint = endpoint
    self.model = model
    self.version = version
    self.replaces = replaces
    self.run = run
    self.approvals = approvals
    self.stages = stages
    self.automatic = automatic
    self.gatePassed = gatePassed
    self.requestedBy = requestedBy
  }
}

/// The gate was not passed: only an override lets it go on.
public struct DeploymentHeld: Codable, Equatable, Sendable {
  /// Why the gate was not passed.
  public var reason: String
  /// Takes the values as they are; nothing is checked.
  public init(reason: String) { self.reason = reason }
}

/// Somebody decided something about it, and says why.
public struct Remark: Codable, Equatable, Sendable {
  /// What the person said; nil when nothing.
  public var reason: String?
  /// Takes the values as they are; nothing is checked.
  public init(reason: String?) { self.reason = reason }
}

/// How far the name of who approved can be trusted.
public enum Identity: String, Codable, Hashable, Sendable {
  /// One database role for all: the names are only what people said.
  case asserted
  /// The database tells people apart.
  case verified

  /// The database role of the embedded default, under which everybody acts: it tells nobody apart.
  public static let sharedPrincipal = "kedge_owner"

  /// What a principal can vouch for. It follows from who the database says they are, never from what they say of themselves.
  public init(of principal: String) { self = principal == Identity.sharedPrincipal ? .asserted : .verified }
}

/// Somebody other than who asked for it agrees.
public struct DeploymentApproved: Codable, Equatable, Sendable {
  /// What the person said; nil when nothing.
  public var reason: String?
  /// The position of the log at which the evidence was read.
  public var seenPosition: Int64
  /// How far the approver's name can be trusted.
  public var identity: Identity

  /// Takes the values as they are; nothing is checked.
  public init(reason: String?, seenPosition: Int64, identity: Identity) {
    self.reason = reason
    self.seenPosition = seenPosition
    self.identity = identity
  }
}

/// Approvals lost their force: the deployment waits for approval again.
public struct ApprovalVoided: Codable, Equatable, Sendable {
  /// What has changed since they were given.
  public var reason: String?
  /// The events of the approvals that no longer count; nil: all of them.
  public var approvals: [UUID]?
  /// The events that changed the picture, beside the cause that the event itself names.
  public var because: [UUID]?

  /// Takes the values as they are; nothing is checked.
  public init(reason: String?, approvals: [UUID]? = nil, because: [UUID]? = nil) {
    self.reason = reason
    self.approvals = approvals
    self.because = because
  }
}

/// What the candidate serves from now on.
public struct StageEntered: Codable, Equatable, Sendable {
  /// Index of the stage, from 0.
  public var stage: Int
  /// How many stages there are.
  public var of: Int
  /// The candidate sees every request, and its answers are only logged.
  public var shadow: Bool
  /// Percent of requests.
  public var traffic: Int
  /// How long the stage lasts at least.
  public var hold: Span

  /// Takes the values as they are; nothing is checked.
  public init(stage: Int, of: Int, shadow: Bool, traffic: Int, hold: Span) {
    self.stage = stage
    self.of = of
    self.shadow = shadow
    self.traffic = traffic
    self.hold = hold
  }
}

/// What a comparison of the new version with the one it replaces says.
public enum AnalysisOutcome: String, Codable, Hashable, Sendable {
  /// The interval of the difference lies beyond the margin.
  case worse
  case notWorse = "not_worse"
  /// No labels or too few: counted neither way.
  case inconclusive
}

/// One metric of a comparison.
public struct AnalysisResult: Codable, Equatable, Sendable {
  /// The metric's name.
  public var metric: String
  /// The champion's value; nil when not computable.
  public var champion: Double?
  /// The challenger's value; nil when not computable.
  public var challenger: Double?
  /// Challenger minus champion: value, low and high of the 95 % confidence interval. Empty when not computable.
  public var difference: [Double]
  /// How much worse it may be.
  public var margin: Double
  /// What the difference and the margin say.
  public var outcome: AnalysisOutcome

  /// Takes the values as they are; nothing is checked.
  public init(metric: String, champion: Double?, challenger: Double?, difference: [Double], margin: Double, outcome: AnalysisOutcome) {
    self.metric = metric
    self.champion = champion
    self.challenger = challenger
    self.difference = difference
    self.margin = margin
    self.outcome = outcome
  }
}

/// A window with labels came while the new version served alone: the two are to be compared on its rows.
public struct ComparisonRequested: Codable, Equatable, Sendable {
  /// Where the version serves.
  public var endpoint: String
  /// Whose versions these are.
  public var model: String
  /// The monitor that the window belongs to.
  public var monitor: String
  /// The window whose rows are predicted with both.
  public var window: WindowReference
  /// The version that was replaced.
  public var champion: VersionName
  /// The version that serves.
  public var challenger: VersionName
  /// Whose evaluation command is run.
  public var specification: PipelineSpecification
  /// The endpoint's, as they were at that moment.
  public var rules: [RollbackRule]

  /// Takes the values as they are; nothing is checked.
  public init(
    endpoint: String, model: String, monitor: String, window: WindowReference, champion: VersionName, challenger: VersionName,
    specification: PipelineSpecification, rules: [RollbackRule]
  ) {
    self.endpoint = endpoint
    self.model = model
    self.monitor = monitor
    self.window = window
    self.champion = champion
    self.challenger = challenger
    self.specification = specification
    self.rules = rules
  }
}

/// The new version was compared in production with the one it replaces.
public struct AnalysisRecorded: Codable, Equatable, Sendable {
  /// `arms`: each served its share of the same window; `paired`: both predicted the same rows.
  public var kind: String
  /// The window that both were compared on.
  public var window: WindowReference
  /// The version that is replaced.
  public var champion: VersionName
  /// The version that replaces it.
  public var challenger: VersionName
  /// Rows compared: of the smaller arm, or of the pairs.
  public var rows: Int
  /// One for each rule; empty when there were too few rows.
  public var results: [AnalysisResult]
  /// Worse when any result is, else not worse when any had an answer.
  public var outcome: AnalysisOutcome
  /// Why it is inconclusive.
  public var reason: String?

  /// Takes the values as they are; nothing is checked.
  public init(
    kind: String, window: WindowReference, champion: VersionName, challenger: VersionName, rows: Int, results: [AnalysisResult],
    outcome: AnalysisOutcome, reason: String? = nil
  ) {
    self.kind = kind
    self.window = window
    self.champion = champion
    self.challenger = challenger
    self.rows = rows
    self.results = results
    self.outcome = outcome
    self.reason = reason
  }
}

/// It completed its bake.
public struct DeploymentCompleted: Codable, Equatable, Sendable {
  /// The version that serves alone from now on.
  public var version: VersionName
  /// Further causes, beside the one that the event itself names: the stage that it completed.
  public var because: [UUID]?

  /// Takes the values as they are; nothing is checked.
  public init(version: VersionName, because: [UUID]? = nil) {
    self.version = version
    self.because = because
  }
}

/// A newer proposal took its place.
public struct DeploymentSuperseded: Codable, Equatable, Sendable {
  /// The newer deployment.
  public var by: DeploymentID
  /// Takes the values as they are; nothing is checked.
  public init(by: DeploymentID) { self.by = by }
}

/// Traffic goes back to another version.
public struct DeploymentRolledBack: Codable, Equatable, Sendable {
  /// The version that serves from now on.
  public var to: VersionName
  /// Why, for people.
  public var reason: String

  /// Takes the values as they are; nothing is checked.
  public init(to: VersionName, reason: String) {
    self.to = to
    self.reason = reason
  }
}

/// A time that was waited for has come.
public struct DeadlinePassed: Codable, Equatable, Sendable {
  /// What was waited for, e.g. `hold`.
  public var name: String
  /// When it was due; it may have passed later.
  public var dueAt: Timestamp
  /// The event that set the clock.
  public var cause: UUID

  /// Takes the values as they are; nothing is checked.
  public init(name: String, dueAt: Timestamp, cause: UUID) {
    self.name = name
    self.dueAt = dueAt
    self.cause = cause
  }
}
