public import Foundation
public import Lifecycle
public import Profiles
internal import Statistics
internal import Values

/// Data as the golden generators make them, cut into hourly windows: nothing changes in them, or one thing does from some hour on.
public struct WindowStory: Sendable {
  /// For people.
  public let name: String
  /// Rows of the reference.
  public let reference: Int
  /// Rows of a window.
  public let rows: Int
  private let source: Source
  private let change: Change?

  private enum Source {
    case columns([Column])
    /// Whole rows, drawn with replacement.
    case rows(header: Substring, [Substring])
  }

  private enum Column {
    case normal(mean: Double, deviation: Double)
    /// Of each category.
    case categories([Double])
    /// 1 so often, else 0.
    case error(Double)
  }

  private enum Change {
    /// Errors become as frequent.
    case rate(Double)
    /// The mean rises by 1 over so many rows.
    case rise(over: Int)
    /// Half a standard deviation, in so many columns.
    case shift(Int)
  }

  /// The first window that differs, where one does.
  public static let changedHour = 24

  private static let tenColumns = Source.columns(
    [Column](repeating: .normal(mean: 0, deviation: 1), count: 8) + [Column](repeating: .categories([0.4, 0.3, 0.2, 0.1]), count: 2))

  /// Nothing changes: the streams `real_nochange` and `errors_nochange`, the columns of `false_alarm_rates.py`, and the reference of the breast cancer case.
  /// - Parameter breast: the content of `breast_reference.csv`.
  public static func still(breast: String) -> [WindowStory] {
    let lines = breast.split(separator: "\n")
    return [
      WindowStory(name: "1 column of numbers", reference: 1000, rows: 100, source: .columns([.normal(mean: 0.5, deviation: 0.1)]), change: nil),
      WindowStory(name: "1 column of errors, one in ten", reference: 1000, rows: 100, source: .columns([.error(0.1)]), change: nil),
      WindowStory(name: "8 columns of numbers, 2 of categories", reference: 1000, rows: 200, source: tenColumns, change: nil),
      WindowStory(
        name: "\(lines[0].split(separator: ",").count) columns of breast cancer", reference: 1000, rows: 100,
        source: .rows(header: lines[0], Array(lines.dropFirst())), change: nil),
    ]
  }

  /// The streams `errors_step`, `errors_improving` and `real_gradual`, and half a standard deviation in three of ten columns.
  public static let changing = [
    WindowStory(name: "errors, from 10 to 35 %", reference: 1000, rows: 100, source: .columns([.error(0.1)]), change: .rate(0.35)),
    WindowStory(name: "errors, from 35 to 10 %", reference: 1000, rows: 100, source: .columns([.error(0.35)]), change: .rate(0.1)),
    WindowStory(
      name: "4 σ in ten windows, gradually", reference: 1000, rows: 100, source: .columns([.normal(mean: 0, deviation: 0.25)]), change: .rise(over: 1000)),
    WindowStory(name: "0.5 σ in 3 of 10 columns", reference: 1000, rows: 200, source: tenColumns, change: .shift(3)),
  ]

  /// A data file.
  /// - Parameters:
  ///   - hour: of the window; nil: the reference.
  ///   - seed: the same gives the same.
  public func csv(hour: Int?, seed: UInt64) -> String {
    var random = RandomSource(seed: seed &* 1_000_003 &+ UInt64((hour ?? -1) + 1))
    let count = hour == nil ? reference : rows
    switch source {
    case .rows(let header, let all):
      return ([header] + (0..<count).map { _ in all[Int(random.uniform() * Double(all.count))] }).joined(separator: "\n") + "\n"
    case .columns(let columns):
      var lines = [columns.indices.map { "x\($0)" }.joined(separator: ",")]
      for row in 0..<count {
        let since = hour.map { ($0 - WindowStory.changedHour) * rows + row } ?? -1
        lines.append(columns.enumerated().map { cell($1, $0, since, &random) }.joined(separator: ","))
      }
      return lines.joined(separator: "\n") + "\n"
    }
  }

  /// - Parameter since: rows since the change; negative before it.
  private func cell(_ column: Column, _ place: Int, _ since: Int, _ random: inout RandomSource) -> String {
    switch column {
    case .error(var rate):
      if case .rate(let next)? = change, since >= 0 { rate = next }
      return random.uniform() < rate ? "1" : "0"
    case .categories(let shares):
      let draw = random.uniform()
      var sum = 0.0
      for (index, share) in shares.enumerated() {
        sum += share
        if draw < sum { return "c\(index)" }
      }
      return "c\(shares.count - 1)"
    case .normal(var mean, let deviation):
      switch change {
      case .rise(let over)?: mean += min(1, max(0, Double(since) / Double(over)))
      case .shift(let columns)?: if since >= 0, place < columns { mean += deviation / 2 }
      default: break
      }
      return String(format: "%.5f", mean + deviation * random.normal())
    }
  }

  /// The shares of drifted columns in the first windows, as files of them are read and compared; nil where no column could be.
  /// - Parameters:
  ///   - seed: of the data; the same gives the same.
  ///   - choices: of tests; for each the shares by hour.
  ///   - file: is written again and again.
  public func shares(hours: Int, seed: UInt64, _ choices: [ComparisonOptions.Choice], file: String) throws -> [[Double?]] {
    func table(_ hour: Int?) throws -> DataTable {
      try Data(csv(hour: hour, seed: seed).utf8).write(to: URL(fileURLWithPath: file))
      return try TableReader.read(path: file)
    }
    let reference = try table(nil)
    var shares = [[Double?]](repeating: [], count: choices.count)
    for hour in 0..<hours {
      let window = try table(hour)
      for (place, choice) in choices.enumerated() {
        shares[place].append(try Comparison.run(reference: reference, current: window, options: ComparisonOptions(choice: choice)).drift.share)
      }
    }
    return shares
  }

  /// The rule about drift that the README recommends: three windows in a row, because one of twenty in which nothing changed looks as if, where there is
  /// but one column.
  public static let rule = AlertRuleSpecification(
    name: "inputs-drifted", monitor: "live", when: AlertCondition(metric: "drift.share", .atLeast(0.2)), for: 3, resolveAfter: 2)

  /// The hours at the end of which a rule raises an alert.
  /// - Parameter shares: of drifted columns in each window; nil where there is no answer.
  public static func alerts(_ rule: AlertRuleSpecification, shares: [Double?]) -> [Int] {
    var policy = AlertingPolicy()
    func record(_ fact: Fact, _ stream: String, _ at: Timestamp) -> FactRecord {
      FactRecord(fact, id: UUID(), stream: stream, version: 1, position: 1, actor: "kedge/measurer", principal: "p", at: at, correlation: nil)
    }
    _ = policy.react(to: record(.ruleDefined(rule), "rule/\(rule.name)", AlertWorkload.start))
    return shares.indices.filter { hour in
      let endAt = AlertWorkload.start + .seconds(3600) * (hour + 1)
      let window = WindowReference(id: WindowID(UUID()), startAt: endAt - .seconds(3600), endAt: endAt, source: "")
      let measurement = MeasurementRecorded(
        window: window, part: .input, rows: 100, drift: DriftVerdict(detected: false, share: shares[hour], driftedColumns: []), columns: [], metrics: [:],
        late: false, inconclusive: false)
      return policy.react(to: record(.measurementRecorded(measurement), "monitor/\(rule.monitor)", endAt)).contains { command in
        if case .alert(_, .raise) = command { true } else { false }
      }
    }
  }
}
