public import Foundation
public import Lifecycle
public import Values

/// Monitors that are measured once in a while, each judged by one rule: the same numbers for the same seed.
public struct AlertWorkload: Sendable {
  /// How many monitors.
  public let monitors: Int
  /// How many windows of each.
  public let windows: Int
  /// From one window to the next.
  public let every: Duration
  /// Of all that is random.
  public let seed: UInt64

  /// When the first window begins.
  public static let start = Timestamp("2026-01-05T00:00:00Z")!

  /// Takes the values as they are.
  public init(monitors: Int, windows: Int, every: Duration = .seconds(60), seed: UInt64) {
    (self.monitors, self.windows, self.every, self.seed) = (monitors, windows, every, seed)
  }

  /// What was measured of a window.
  public struct Window: Sendable {
    /// Its end, which is also when it was measured.
    public let endAt: Timestamp
    /// Its drift share; nil when it had too few rows for an answer.
    public let value: Double?
    /// How many rows.
    public let rows: Int
  }

  /// The rule on a monitor: thresholds for most, everything else that rules can be for the rest.
  public func rule(_ monitor: Int) -> AlertRuleSpecification {
    let metric: MetricName = "drift.share"
    var rule = AlertRuleSpecification(
      name: "rule-\(monitor)", monitor: AlertWorkload.monitor(monitor), when: AlertCondition(metric: metric, .atLeast(0.2)), for: 2, resolveAfter: 2)
    func compare(_ basis: AlertComparison.Basis, _ bound: MetricBound) { rule.when = .comparison(AlertComparison(metric: metric, basis, bound)) }
    switch monitor % 20 {
    case 0: (rule.for, rule.resolveAfter) = (3, 3)
    case 1: (rule.for, rule.resolveAfter) = (.time(.minutes(3)), .time(.minutes(5)))
    case 2: (rule.for, rule.resolveAfter) = (.share(3, of: 5), .share(4, of: 6))
    case 3: (rule.keepFiring, rule.cooldown) = (.minutes(10), .minutes(30))
    case 4: rule.flapping = Flapping(count: 3, within: .hours(2))
    case 5: rule.minimumRows = 150
    case 6: compare(.change(windows: 5, relative: false), .above(0.15))
    case 7: compare(.deviation(windows: 30), .above(3))
    case 8: compare(.quantile(windows: 40), .above(0.97))
    case 9: compare(.trend(windows: 10), .above(20))
    case 10: compare(.seasonal(.day, periods: 2, relative: false), .above(0.15))
    case 11:
      rule.when = .all([
        AlertCondition(metric: metric, .atLeast(0.15)), .comparison(AlertComparison(metric: metric, .change(windows: 3, relative: true), .above(0.5))),
      ])
    case 13:
      compare(.detector(.pageHinkley(threshold: 1, delta: 0.01, windows: 30, direction: .both)), .atLeast(1))
      rule.for = 1
    case 12: rule.when = .any([AlertCondition(metric: metric, .atLeast(0.3)), AlertCondition(metric: "rows", .below(120))])
    default: break
    }
    return rule
  }

  /// Noise, and now and then some time of drift. A function of seed, monitor and window alone.
  public func window(_ monitor: Int, _ index: Int) -> Window? {
    let dice = AlertWorkload.hash(seed &+ UInt64(monitor) &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(index) &* 0xd1b5_4a32_d192_ed03)
    // One in a thousand never comes, one in fifty has too few rows.
    guard dice % 1000 != 0 else { return nil }
    let isShort = (dice >> 12) % 50 == 0
    let noise = Double(dice >> 40) / Double(1 << 24)
    // Stretches of 64 windows, one in ten drifts for as many windows as its own number says.
    let stretch = AlertWorkload.hash(seed ^ (UInt64(monitor) << 20) ^ UInt64(index / 64))
    let isDrifting = stretch % 10 == 0 && index % 64 < Int((stretch >> 8) % 64)
    let value = 0.1 * noise + (isDrifting ? 0.15 + 0.1 * noise : 0)
    return Window(
      endAt: AlertWorkload.start + every * (index + 1), value: isShort ? nil : value, rows: isShort ? 10 : 100 + Int((dice >> 20) % 200))
  }

  /// The name of a monitor.
  public static func monitor(_ number: Int) -> String { "monitor-\(number)" }

  /// The number of a monitor by its name; nil for a name of others.
  public static func number(ofMonitor name: String) -> Int? { name.hasPrefix("monitor-") ? Int(name.dropFirst("monitor-".count)) : nil }

  /// What a measurer records of a window; nil when it never came.
  public func measurement(_ monitor: Int, _ index: Int) -> MeasurementRecorded? {
    window(monitor, index).map { window in
      MeasurementRecorded(
        window: WindowReference(id: WindowID(AlertWorkload.id(monitor, index)), startAt: window.endAt - every, endAt: window.endAt, source: ""), part: .input,
        rows: window.rows, drift: DriftVerdict(detected: false, share: window.value, driftedColumns: []), columns: [], metrics: [:], late: false,
        inconclusive: window.value == nil)
    }
  }

  /// Steele, Lea and Flood (2014): the finalizer of SplitMix64.
  private static func hash(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// An alert that was raised.
  public struct Alert: Equatable, Sendable, CustomStringConvertible {
    /// The end of the window that raised it, and of the one that resolved it; nil while it fires.
    public var raisedAt: Timestamp
    public var resolvedAt: Timestamp?

    /// From and to when.
    public init(raisedAt: Timestamp, resolvedAt: Timestamp? = nil) { (self.raisedAt, self.resolvedAt) = (raisedAt, resolvedAt) }

    /// For failing tests.
    public var description: String { "\(raisedAt)…\(resolvedAt?.description ?? "")" }
  }

  /// Lets the policy read everything, minute by minute, and says which alerts it raised, by monitor.
  /// - Parameters:
  ///   - chosen: the monitors that are there; nil: all.
  ///   - observe: is told when a day is over.
  public func fold(chosen: [Int]? = nil, observe: (Int) -> Void = { _ in }) throws -> (alerts: [Int: [Alert]], measurements: Int) {
    var policy = AlertingPolicy()
    let chosen = chosen ?? Array(0..<monitors)
    var alerts: [Int: [Alert]] = [:]
    var measurements = 0
    for monitor in chosen { _ = policy.react(to: record(.ruleDefined(rule(monitor)), "rule/rule-\(monitor)", AlertWorkload.start)) }
    var records = chosen.map { record(.monitorRemoved(Remark(reason: nil)), "monitor/\(AlertWorkload.monitor($0))", AlertWorkload.start) }
    for index in 0..<windows {
      defer { if (index + 1) % 1440 == 0 { observe(index / 1440) } }
      for (place, monitor) in chosen.enumerated() {
        guard let measurement = measurement(monitor, index) else { continue }
        measurements += 1
        let endAt = measurement.window.endAt
        records[place].at = endAt
        records[place].id = AlertWorkload.id(monitor, index)
        records[place].fact = .measurementRecorded(measurement)
        for command in policy.react(to: records[place]) {
          guard case .alert(_, let command) = command else { continue }
          switch command {
          case .raise: alerts[monitor, default: []].append(Alert(raisedAt: endAt))
          case .resolve:
            // What was only pending is no alert.
            if let last = alerts[monitor]?.indices.last, alerts[monitor]?[last].resolvedAt == nil { alerts[monitor]?[last].resolvedAt = endAt }
          default: break
          }
        }
      }
    }
    return (alerts, measurements)
  }

  private func record(_ fact: Fact, _ stream: String, _ at: Timestamp) -> FactRecord {
    FactRecord(fact, id: AlertWorkload.id(0, -1), stream: stream, version: 1, position: 1, actor: "kedge/measurer", principal: "p", at: at, correlation: nil)
  }

  private static func id(_ monitor: Int, _ index: Int) -> UUID {
    let (m, w) = (monitor, index)
    func b(_ v: Int, _ i: Int) -> UInt8 { UInt8(truncatingIfNeeded: v >> (8 * i)) }
    return UUID(
      uuid: (b(m, 0), b(m, 1), b(m, 2), b(m, 3), b(m, 4), b(m, 5), b(m, 6), b(m, 7), b(w, 0), b(w, 1), b(w, 2), b(w, 3), b(w, 4), b(w, 5), b(w, 6), b(w, 7)))
  }
}
