public import Lifecycle
public import Values

/// The alerts that a rule raises on a history, by what the words mean and without remembering anything: every window looks back on all that it needs.
///
/// It shares no code with the policy. For a few monitors only: a detector looks back to the last change that it found, as often as there are windows.
public struct AlertReference {
  private let rule: AlertRuleSpecification
  private let windows: [AlertWorkload.Window]
  /// By comparison, for each window: whether it holds; nil when that cannot be said.
  private var verdicts: [[Bool?]] = []

  /// - Parameter windows: in the order of their ends.
  public init(_ rule: AlertRuleSpecification, _ windows: [AlertWorkload.Window]) {
    self.rule = rule
    self.windows = windows.filter { $0.rows >= rule.minimumRows }
    for comparison in rule.when.comparisons {
      var answers: [Bool?] = []
      for index in self.windows.indices { answers.append(answer(comparison, index, answers)) }
      verdicts.append(answers)
    }
  }

  private func value(_ metric: MetricName, _ index: Int) -> Double? { metric.text == "rows" ? Double(windows[index].rows) : windows[index].value }

  private func answer(_ comparison: AlertComparison, _ index: Int, _ before: [Bool?]) -> Bool? {
    guard let value = value(comparison.metric, index) else { return nil }
    if case .value = comparison.basis { return comparison.bound.holds(for: value) }
    // Newest first.
    let earlier = (0..<index).lazy.reversed().filter { self.value(comparison.metric, $0) != nil }
    let good = earlier.filter { before[$0] != true }
    func values(_ places: some Sequence<Int>) -> [Double] { places.compactMap { self.value(comparison.metric, $0) } }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    /// In the order of time; nil when there are not so many.
    func newest(_ count: Int, of places: some Sequence<Int>) -> [Int]? {
      let newest = Array(places.prefix(count))
      return newest.count == count ? newest.reversed() : nil
    }
    let bound = comparison.bound
    switch comparison.basis {
    case .value: return bound.holds(for: value)
    case .change(let count, let relative):
      guard let places = newest(count, of: earlier) else { return nil }
      let usual = mean(values(places))
      return bound.holds(for: relative ? (value - usual) / usual : value - usual)
    case .trend(let count):
      guard let places = newest(count - 1, of: earlier).map({ $0 + [index] }) else { return nil }
      let x = places.map { Double((windows[$0].endAt - windows[places.first!].endAt).microseconds) / 86_400e6 }
      let y = values(places)
      let n = Double(count)
      let (sx, sy) = (x.reduce(0, +), y.reduce(0, +))
      let (sxx, sxy) = (x.reduce(0) { $0 + $1 * $1 }, zip(x, y).reduce(0) { $0 + $1.0 * $1.1 })
      return bound.holds(for: (n * sxy - sx * sy) / (n * sxx - sx * sx))
    case .deviation(let count):
      guard let reference = newest(count, of: good).map(values) else { return nil }
      let usual = mean(reference)
      let deviation = (reference.map { ($0 - usual) * ($0 - usual) }.reduce(0, +) / Double(count - 1)).squareRoot()
      return bound.holds(for: (value - usual) / deviation)
    case .quantile(let count):
      guard let sorted = newest(count, of: good).map({ values($0).sorted() }) else { return nil }
      let place = bound.limit * Double(count - 1)
      let (low, high) = (sorted[Int(place)], sorted[min(Int(place) + 1, count - 1)])
      return value > low + (place - place.rounded(.down)) * (high - low)
    case .detector(.pageHinkley(let threshold, let delta, let windows, _)):
      // Since the change that was found last.
      let found = values(earlier.prefix { before[$0] != true }.reversed() + [index])
      var (sum, rising, falling): (Double, [Double], [Double]) = (0, [], [])
      for (place, value) in found.enumerated() {
        sum += value
        let deviation = value - sum / Double(place + 1)
        rising.append((rising.last ?? 0) * 0.9999 + deviation - delta)
        falling.append((falling.last ?? 0) * 0.9999 + deviation + delta)
      }
      guard found.count >= windows else { return false }
      return rising.last! - rising.min()! > threshold || max(-1, falling.max()!) - falling.last! > threshold
    // The workload has no other detector.
    case .detector: return nil
    case .seasonal(_, let periods, _):
      func hour(_ place: Int) -> Int64 { ((windows[place].endAt - AlertWorkload.start).microseconds - 1) / 3_600_000_000 }
      var hours: [(number: Int64, values: [Double])] = []
      for place in good.filter({ hour($0) % 24 == hour(index) % 24 && hour($0) < hour(index) }) {
        if hours.last?.number != hour(place) {
          guard hours.count < periods else { break }
          hours.append((hour(place), []))
        }
        hours[hours.count - 1].values.append(contentsOf: values([place]))
      }
      guard hours.count == periods else { return nil }
      return bound.holds(for: value - mean(hours.reversed().map { mean($0.values.reversed()) }))
    }
  }

  /// Whether the rule's condition holds of a window; nil: the window does not count.
  private func verdict(_ index: Int) -> Bool? {
    // The newest answer of each comparison counts, also when this window has no value for it.
    let newest: [Bool?] = verdicts.indices.map { leaf in
      let comparison = rule.when.comparisons[leaf]
      return (0...index).last { value(comparison.metric, $0) != nil }.flatMap { verdicts[leaf][$0] }
    }
    guard rule.when.comparisons.contains(where: { value($0.metric, index) != nil }) else { return nil }
    switch rule.when {
    case .all: return newest.contains(false) ? false : newest.contains(nil) ? nil : true
    case .any: return newest.contains(true) ? true : newest.contains(nil) ? nil : false
    default: return newest[0]
    }
  }

  /// In the order in which they were raised.
  public var alerts: [AlertWorkload.Alert] {
    let counted = windows.indices.compactMap { index in verdict(index).map { (end: windows[index].endAt, isBad: $0) } }
    var alerts: [AlertWorkload.Alert] = []
    // The first window after the last alert.
    var from = 0
    var raised: Int?
    for now in counted.indices {
      if let start = raised {
        guard !counted[now].isBad, lasts(rule.resolveAfter, false, start + 1, now, counted) else { continue }
        let lastBad = counted[...now].last { $0.isBad }!.end
        guard counted[now].end - lastBad >= quiet(alerts) else { continue }
        alerts[alerts.count - 1].resolvedAt = counted[now].end
        (raised, from) = (nil, now + 1)
      } else {
        guard counted[now].isBad, lasts(rule.for, true, from, now, counted) else { continue }
        if let last = alerts.last?.resolvedAt, counted[now].end < last + rule.cooldown.duration { continue }
        alerts.append(AlertWorkload.Alert(raisedAt: counted[now].end))
        raised = now
      }
    }
    return alerts
  }

  private func lasts(_ spell: AlertSpell, _ bad: Bool, _ from: Int, _ now: Int, _ counted: [(end: Timestamp, isBad: Bool)]) -> Bool {
    guard from <= now else { return false }
    let run = counted[from...now].reversed().prefix { $0.isBad == bad }
    switch spell {
    case .windows(let count): return run.count >= count
    case .time(let span): return run.last.map { counted[now].end - $0.end >= span.duration } ?? false
    case .share(let count, let total): return counted[from...now].suffix(total).count { $0.isBad == bad } >= count
    }
  }

  private func quiet(_ alerts: [AlertWorkload.Alert]) -> Duration {
    guard let flapping = rule.flapping, let newest = alerts.last else { return rule.keepFiring.duration }
    let recent = alerts.filter { newest.raisedAt - $0.raisedAt <= flapping.within.duration }.count
    return max(rule.keepFiring.duration, recent >= flapping.count ? flapping.calm : .zero)
  }
}
