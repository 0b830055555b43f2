internal import Foundation
internal import Values

/// How far a rule has come with what it judges: ok → pending → firing → recovering → ok.
///
/// Time is that of the windows' ends, so that a file that comes late or a history told again gives the same; only the cooldown goes by when
/// things were recorded. Windows without an answer never come here.
struct AlertMachine: Codable, Equatable, Sendable {
  enum Phase: String, Codable, Sendable {
    case ok, pending, firing, recovering
  }

  /// What a window changed.
  enum Step: Equatable, Sendable {
    case nothing
    /// It may become an alert.
    case suspect
    case raise
    /// It recovers, or does so no longer.
    case recover, relapse
    /// The alert is over, or was never worth one; why.
    case resolve(AlertID, String)
  }

  private(set) var phase = Phase.ok
  /// The alert that is pending or fires.
  private(set) var alert: AlertID?
  /// Windows in a row in which the condition held, or held no longer.
  private(set) var bad = 0
  private var good = 0
  /// The newest answers, as many as a spell such as `3 of 5` looks back on; the newest last.
  private var answers: [Bool] = []
  /// End of the first window of the spell in which the condition held, or held no longer.
  private(set) var sinceAt: Timestamp?
  private(set) var goodSinceAt: Timestamp?
  private var badUntil: Timestamp?
  /// When the last alert that fired was over: the cooldown runs from here.
  private var resolvedAt: Timestamp?
  /// When alerts were raised of late, for a rule that asks whether it flaps.
  private var raisedAt: [Timestamp] = []
  private(set) var isFlapping = false
  /// What the alert is now.
  var severity: AlertSeverity?
  /// What it is at least, because nobody acknowledged it.
  var escalated: AlertSeverity?
  /// The measurements that counted towards the alert.
  private(set) var measurements: [UUID] = []
  var counted = CountedWindows()
  /// Of rules that look at both halves of a window, those of its labels.
  var countedLabels: CountedWindows?
  /// What is remembered of each comparison; empty for a rule that holds one value against a bound.
  var comparisons: [ComparisonMemory] = []

  /// Alerts raised of late, the newest among them.
  var alertsOfLate: Int { raisedAt.count }

  /// Counts the answer of a window.
  /// - Parameters:
  ///   - endAt: of the window.
  ///   - id: of the measurement.
  ///   - time: when it was recorded.
  ///   - name: from which the alert's id is derived.
  mutating func observe(_ holds: Bool, endAt: Timestamp, _ id: UUID, at time: Timestamp, by rule: AlertRuleSpecification, named name: String) -> Step {
    let memory = max(rule.for.memory, rule.resolveAfter.memory)
    if memory > 0 {
      answers.append(holds)
      if answers.count > memory { answers.removeFirst(answers.count - memory) }
    }
    return holds ? worsen(endAt, id, time, rule, name) : recover(endAt, time, rule)
  }

  private mutating func worsen(_ endAt: Timestamp, _ id: UUID, _ time: Timestamp, _ rule: AlertRuleSpecification, _ name: String) -> Step {
    good = 0
    goodSinceAt = nil
    badUntil = endAt
    switch phase {
    case .firing: return .nothing
    case .recovering:
      phase = .firing
      return .relapse
    case .ok, .pending:
      bad += 1
      let since = sinceAt ?? endAt
      sinceAt = since
      measurements.append(id)
      if measurements.count > 100 { measurements.removeFirst() }
      let isNew = phase == .ok
      if isNew { alert = AlertID(cause: id, policy: AlertingPolicy.name, name: name) }
      // Without a cooldown nothing cools, whatever the clocks of those who measure and those who resolve.
      let isCooling = rule.cooldown > .zero && resolvedAt.map { time < $0 + rule.cooldown.duration } ?? false
      guard !isCooling, lasts(rule.for, bad, since: since, endAt, of: true) else {
        phase = .pending
        return isNew ? .suspect : .nothing
      }
      phase = .firing
      // What was good before says nothing about recovery.
      answers = []
      noteRaise(time, rule)
      return .raise
    }
  }

  private mutating func recover(_ endAt: Timestamp, _ time: Timestamp, _ rule: AlertRuleSpecification) -> Step {
    switch phase {
    case .ok: return .nothing
    case .pending:
      bad = 0
      // A spell such as `3 of 5` outlives a good window.
      if case .share(_, let total) = rule.for, answers.suffix(total).contains(true) { return .nothing }
      return finish(at: time, "the condition did not last")
    case .firing, .recovering:
      good += 1
      let since = goodSinceAt ?? endAt
      goodSinceAt = since
      let quiet = max(rule.keepFiring.duration, isFlapping ? rule.flapping?.calm ?? .zero : .zero)
      guard lasts(rule.resolveAfter, good, since: since, endAt, of: false), badUntil.map({ endAt >= $0 + quiet }) ?? true else {
        guard phase == .firing else { return .nothing }
        phase = .recovering
        return .recover
      }
      let reason: String =
        switch rule.resolveAfter {
        case .windows: "\(good) good window\(good == 1 ? "" : "s") in a row"
        case .time(let span): "good for \(span)"
        case .share(let count, let total): "good in \(count) of \(total) windows"
        }
      return finish(at: time, reason)
    }
  }

  private func lasts(_ spell: AlertSpell, _ windows: Int, since: Timestamp, _ endAt: Timestamp, of answer: Bool) -> Bool {
    switch spell {
    case .windows(let count): windows >= count
    case .time(let span): endAt - since >= span.duration
    case .share(let count, let total): answers.suffix(total).count { $0 == answer } >= count
    }
  }

  private mutating func noteRaise(_ time: Timestamp, _ rule: AlertRuleSpecification) {
    severity = nil
    escalated = nil
    guard let flapping = rule.flapping else { return }
    raisedAt = (raisedAt + [time]).filter { time - $0 <= flapping.within.duration }.suffix(max(flapping.count, 1))
    isFlapping = raisedAt.count >= flapping.count
  }

  private mutating func finish(at time: Timestamp, _ reason: String) -> Step {
    defer { reset(at: time) }
    return alert.map { .resolve($0, reason) } ?? .nothing
  }

  /// The alert is over; windows are counted anew.
  mutating func reset(at time: Timestamp) {
    if phase == .firing || phase == .recovering { resolvedAt = time }
    phase = .ok
    alert = nil
    bad = 0
    good = 0
    answers = []
    sinceAt = nil
    goodSinceAt = nil
    badUntil = nil
    isFlapping = false
    severity = nil
    escalated = nil
    measurements = []
  }

  /// A person ended it: what was taken for exceptional is learned as what is usual.
  mutating func learnAnew() { for index in comparisons.indices { comparisons[index].forget() } }
}
