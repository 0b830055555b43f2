public import Foundation
public import Values

/// Who answers which requests.
public struct TrafficPlan: Codable, Hashable, Sendable {
  /// Answers what the candidate does not.
  public var current: VersionName
  /// Nil when one version serves alone.
  public var candidate: VersionName?
  /// Percent of requests that the candidate answers.
  public var share: Int
  /// The candidate sees every request, and its answers are only logged.
  public var shadow: Bool

  /// Takes the values as they are; nothing is checked.
  public init(current: VersionName, candidate: VersionName? = nil, share: Int = 0, shadow: Bool = false) {
    self.current = current
    self.candidate = candidate
    self.share = share
    self.shadow = shadow
  }
}

/// What a change of traffic is for.
public enum TrafficPurpose: String, Codable, Hashable, Sendable {
  /// The next stage of a rollout.
  case stage
  /// Back to what served before a rollout that was called off.
  case restore
  /// Back to an earlier version.
  case rollback
}

/// Traffic is to be moved; the newest request is the one that counts.
public struct TrafficRequested: Codable, Equatable, Sendable {
  /// What is to be.
  public var plan: TrafficPlan
  /// What it is for.
  public var purpose: TrafficPurpose
  /// The deployment that it is done for; nil when none is known.
  public var deployment: DeploymentID?
  /// The stage's index, from 0; nil when it is for no stage.
  public var stage: Int?
  /// Further causes, beside the one that the event itself names: the approvals, or the stage before.
  public var because: [UUID]?

  /// Takes the values as they are; nothing is checked.
  public init(plan: TrafficPlan, purpose: TrafficPurpose, deployment: DeploymentID?, stage: Int?, because: [UUID]? = nil) {
    self.plan = plan
    self.purpose = purpose
    self.deployment = deployment
    self.stage = stage
    self.because = because
  }
}

/// Traffic was moved, and the server says so.
public struct TrafficMoved: Codable, Equatable, Sendable {
  /// What is now.
  public var plan: TrafficPlan
  /// The event that asked for it.
  public var request: UUID
  /// The fencing token under which it was done.
  public var token: Int64

  /// Takes the values as they are; nothing is checked.
  public init(plan: TrafficPlan, request: UUID, token: Int64) {
    self.plan = plan
    self.request = request
    self.token = token
  }
}

/// Traffic could not be moved, and what served before serves again. Without `retryAt` it is given up.
public struct TrafficMoveFailed: Codable, Equatable, Sendable {
  /// What was to be.
  public var plan: TrafficPlan
  /// The event that asked for it.
  public var request: UUID
  /// Counts from 1.
  public var attempt: Int
  /// What the target said.
  public var reason: String
  /// When it is tried again; nil when it is given up.
  public var retryAt: Timestamp?

  /// Takes the values as they are; nothing is checked.
  public init(plan: TrafficPlan, request: UUID, attempt: Int, reason: String, retryAt: Timestamp?) {
    self.plan = plan
    self.request = request
    self.attempt = attempt
    self.reason = reason
    self.retryAt = retryAt
  }
}

/// A rollout has the endpoint for itself.
public struct RolloutStarted: Codable, Equatable, Sendable {
  /// Whose rollout it is.
  public var deployment: DeploymentID
  /// The candidate.
  public var version: VersionName
  /// Further causes, beside the one that the event itself names: the approvals, else what allowed it to go without.
  public var because: [UUID]?

  /// Takes the values as they are; nothing is checked.
  public init(deployment: DeploymentID, version: VersionName, because: [UUID]? = nil) {
    self.deployment = deployment
    self.version = version
    self.because = because
  }
}

/// How a rollout ended.
public enum RolloutOutcome: String, Codable, Hashable, Sendable {
  case completed, aborted
  case rolledBack = "rolled_back"
}

/// The endpoint is free for the next rollout.
public struct RolloutEnded: Codable, Equatable, Sendable {
  /// Whose rollout it was.
  public var deployment: DeploymentID
  /// What was the candidate.
  public var version: VersionName
  /// How it ended.
  public var outcome: RolloutOutcome

  /// Takes the values as they are; nothing is checked.
  public init(deployment: DeploymentID, version: VersionName, outcome: RolloutOutcome) {
    self.deployment = deployment
    self.version = version
    self.outcome = outcome
  }
}

/// Traffic goes back to an earlier version.
public struct RollbackDecided: Codable, Equatable, Sendable {
  /// The version that is left.
  public var from: VersionName
  /// The version that is to serve again.
  public var to: VersionName
  /// The deployment that brought the version now left, or that was under way.
  public var deployment: DeploymentID?
  /// Decided by a policy and not by a person.
  public var automatic: Bool
  /// Why, for people.
  public var reason: String
  /// Further causes, beside the one that the event itself names: the analyses of the windows before, and the move of traffic that is undone.
  public var because: [UUID]?

  /// Takes the values as they are; nothing is checked.
  public init(from: VersionName, to: VersionName, deployment: DeploymentID?, automatic: Bool, reason: String, because: [UUID]? = nil) {
    self.from = from
    self.to = to
    self.deployment = deployment
    self.automatic = automatic
    self.reason = reason
    self.because = because
  }
}

/// The earlier version serves again.
public struct RolledBack: Codable, Equatable, Sendable {
  /// The version that was left.
  public var from: VersionName
  /// The version that serves again.
  public var to: VersionName

  /// Takes the values as they are; nothing is checked.
  public init(from: VersionName, to: VersionName) {
    self.from = from
    self.to = to
  }
}
