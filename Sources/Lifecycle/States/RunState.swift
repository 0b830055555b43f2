public import Foundation
public import Values

/// A run, from the facts of `run/ID`.
public struct RunState: StreamState {
  /// Where a run stands; the words of `get runs`.
  public enum Phase: String, Codable, Sendable {
    case none, requested, running, evaluating, succeeded, failed, cancelled
    case timedOut = "timed_out"
  }

  public private(set) var phase = Phase.none
  public private(set) var request: RunRequested?
  public private(set) var requestedBy: Person?
  /// The attempt of the step under way or last made; counts from 1, 0 before the first.
  public private(set) var attempt = 0
  /// Attempts of the step that ended badly.
  public private(set) var failures = 0
  /// The challenger, once training has made it.
  public private(set) var version: VersionName?
  public private(set) var passed: Bool?
  /// The event that asked for the step that is to be done now.
  public private(set) var stepRequest: UUID?

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .runRequested(let fact):
      phase = .requested
      request = fact
      requestedBy = record.person
      stepRequest = record.id
    case .runStarted(let fact):
      if fact.step == .train { phase = .running }
      attempt = fact.attempt
    case .runStepFinished(let fact):
      if fact.step == .train {
        version = fact.version
        phase = .evaluating
        attempt = 0
        failures = 0
        stepRequest = record.id
      }
    case .runFailed(let fact), .runTimedOut(let fact):
      failures += 1
      stepRequest = record.id
      if fact.retryAt == nil {
        if case .runTimedOut = record.fact { phase = .timedOut } else { phase = .failed }
      } else if fact.step == .train {
        phase = .requested
      }
    case .runEvaluated(let fact): passed = fact.passed
    case .runSucceeded: phase = .succeeded
    case .runCancelled: phase = .cancelled
    default: break
    }
  }

  /// Neither ended nor missing.
  public var isActive: Bool { phase == .requested || phase == .running || phase == .evaluating }

  /// The step that is to be done, or is being done.
  public var step: RunStep { phase == .evaluating ? .evaluate : .train }
}

extension RunState {
  /// How often a step may be begun although workers died over it: a trainer that takes its worker with it must end some time.
  static let lostAttempts = 5

  /// Begins the next attempt of the step that is due.
  public func start(worker: String) throws(Refusal) -> RunStarted {
    try checkActive()
    return RunStarted(step: step, attempt: attempt + 1, worker: worker)
  }

  /// Whether the attempt that a lost worker began was one too many.
  public var isExhausted: Bool { attempt >= (request?.specification.train.retries ?? 0) + 1 + RunState.lostAttempts }

  /// Ends an attempt badly. Another follows while retries are left, after
  /// `min(2^(failures) s, 5 min)`: 1, 2, 4, 8 … seconds.
  public func fail(reason: String, timedOut: Bool, lastLines: UUID?, retryable: Bool = true, at now: Timestamp) throws(Refusal) -> Fact {
    try checkActive()
    let retries = request?.specification.train.retries ?? 0
    let again = retryable && failures < retries && !isExhausted
    let pause = Duration.seconds(min(300, 1 << min(failures, 9)))
    let fact = RunFailed(step: step, attempt: max(1, attempt), reason: reason, retryAt: again ? now + pause : nil, lastLines: lastLines)
    return timedOut ? .runTimedOut(fact) : .runFailed(fact)
  }

  /// Calls the run off.
  public func cancel(reason: String?) throws(Refusal) -> [Fact] {
    try checkActive()
    return [.runCancelled(RunCancelled(reason: reason))]
  }

  /// Refuses what only makes sense while the run is under way.
  public func checkActive() throws(Refusal) {
    guard phase != .none else { throw .unknown("there is no such run") }
    guard isActive else { throw .conflict("the run has \(phase == .timedOut ? "timed out" : phase == .cancelled ? "been cancelled" : phase.rawValue) already") }
  }
}
