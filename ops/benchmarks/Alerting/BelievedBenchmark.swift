internal import AlertWorkload
internal import Foundation
internal import Lifecycle
internal import Profiles
internal import Values

/// How often default rules cry wolf on hourly windows in which nothing changes, and how soon they notice that something does, beside Evidently's defaults on
/// the same windows.
///
/// Evidently's verdicts are those of preset `evidently`; on some of the monitors Evidently itself is asked whether it says the same.
struct BelievedBenchmark: Sendable {
  let arguments: Bench.Arguments

  private var monitors: Int { arguments.quick ? 2 : 10 }
  private var hours: Int { arguments.quick ? 168 : 720 }
  private var changes: Int { arguments.quick ? 10 : 100 }
  /// Windows that Evidently itself is asked about, of each story.
  private var asked: Int { arguments.quick ? 6 : 24 }

  private static let month = 720.0
  /// Evidently's defaults: drift when half the columns drifted, at once.
  private static let evidently = {
    var rule = WindowStory.rule
    (rule.when, rule.for, rule.resolveAfter) = (AlertCondition(metric: "drift.share", .atLeast(0.5)), 1, 1)
    return rule
  }()
  private static let patientEvidently = {
    var rule = evidently
    (rule.for, rule.resolveAfter) = (WindowStory.rule.for, WindowStory.rule.resolveAfter)
    return rule
  }()
  private static let hasty = {
    var rule = WindowStory.rule
    rule.for = 2
    return rule
  }()

  /// The shares of drifted columns, by hour.
  private struct Shares: Sendable {
    var ours: [Double?] = []
    var evidently: [Double?] = []
  }

  func run(into report: inout Report) throws {
    Bench.note("hourly windows in which nothing changes")
    let breast = try String(contentsOfFile: "Tests/StatisticsTests/Golden/breast_reference.csv", encoding: .utf8)
    for story in WindowStory.still(breast: breast) {
      let all = try shares(of: story, monitors: monitors, hours: hours)
      func rate(_ rule: AlertRuleSpecification, _ shares: KeyPath<Shares, [Double?]>) -> Double {
        let alerts = all.reduce(0) { $0 + WindowStory.alerts(rule, shares: $1[keyPath: shares]).count }
        return Double(alerts) / Double(all.count) * Self.month / Double(hours)
      }
      report.add(
        "\(story.name): false alerts a monitor and month", rate(WindowStory.rule, \.ours), unit: "alerts", peer: rate(Self.evidently, \.evidently),
        ratio: .some(nil), beside: "by Evidently's defaults", goal: .atMost(1))
      report.add(
        "  with for: 2", rate(Self.hasty, \.ours), unit: "alerts", peer: rate(Self.patientEvidently, \.evidently), ratio: .some(nil),
        beside: "by Evidently's verdicts with for: 3")
      try ask(story, all[0], into: &report)
    }
    Bench.note("hourly windows in which something changes")
    for story in WindowStory.changing {
      let all = try shares(of: story, monitors: changes, hours: WindowStory.changedHour * 3)
      func delays(_ rule: AlertRuleSpecification, _ shares: KeyPath<Shares, [Double?]>) -> [Double] {
        all.compactMap { shared in
          WindowStory.alerts(rule, shares: shared[keyPath: shares]).first { $0 >= WindowStory.changedHour }.map { Double($0 + 1 - WindowStory.changedHour) }
        }
      }
      let (ours, theirs) = (delays(WindowStory.rule, \.ours), delays(Self.evidently, \.evidently))
      report.add(
        "\(story.name): median hours to an alert", ours.isEmpty ? .infinity : ours.median, unit: "h", peer: theirs.isEmpty ? .infinity : theirs.median,
        ratio: .some(nil), beside: "by Evidently's defaults")
      report.add(
        "  noticed within two days", Double(ours.count) / Double(changes) * 100, unit: "%", peer: Double(theirs.count) / Double(changes) * 100,
        ratio: .some(nil), beside: "by Evidently's defaults")
    }
  }

  /// Of each monitor, by both presets.
  private func shares(of story: WindowStory, monitors: Int, hours: Int) throws -> [Shares] {
    var results = [Result<Shares, any Error>](repeating: .success(Shares()), count: monitors)
    results.withUnsafeMutableBufferPointer { buffer in
      let target = Target(results: buffer)
      DispatchQueue.concurrentPerform(iterations: monitors) { monitor in
        target.results[monitor] = Result {
          let found = try story.shares(hours: hours, seed: UInt64(monitor), [.auto, .evidently], file: "\(arguments.scratch)/window-\(monitor).csv")
          return Shares(ours: found[0], evidently: found[1])
        }
      }
    }
    return try results.map { try $0.get() }
  }

  /// `@unchecked Sendable`: every iteration writes its own element.
  private struct Target: @unchecked Sendable { let results: UnsafeMutableBufferPointer<Result<Shares, any Error>> }

  /// Lets Evidently itself look at the first windows of the first monitor.
  private func ask(_ story: WindowStory, _ shares: Shares, into report: inout Report) throws {
    guard !arguments.python.isEmpty else { return }
    let directory = "\(arguments.scratch)/asked"
    try? FileManager.default.removeItem(atPath: directory)
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name).csv")) }
    try write("reference", story.csv(hour: nil, seed: 0))
    for hour in 0..<asked { try write(String(format: "window-%05d", hour), story.csv(hour: hour, seed: 0)) }
    let answers = "\(directory)/shares.json"
    _ = try Command.run(
      arguments.python, [arguments.peers, "evidently-windows", directory], output: answers, errors: "\(arguments.scratch)/peer.err")
    let said = try JSON(parsing: String(contentsOfFile: answers, encoding: .utf8)).array?.map { $0.double ?? .nan } ?? []
    let different = zip(said, shares.evidently).count { abs($0 - ($1 ?? .nan)) > 1e-9 } + asked - said.count
    report.add("  windows on which Evidently itself says otherwise, of \(asked)", Double(different), unit: "windows", goal: .atMost(0))
  }
}
