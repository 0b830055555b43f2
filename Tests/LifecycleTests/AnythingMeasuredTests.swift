import Foundation
import Lifecycle
import Testing
import Values

/// Rules on everything that is measured, through the policies as they run.
@Suite struct AnythingMeasuredTests {
  private static func world(_ condition: AlertCondition, _ change: (inout AlertRuleSpecification) -> Void = { _ in }) -> Simulation {
    AlertRuleTests.world {
      ($0.when, $0.for, $0.resolveAfter) = (condition, 1, 1)
      change(&$0)
    }
  }

  /// A measurement with one thing in it.
  private static func measurement(_ part: Part = .input, _ change: (inout MeasurementRecorded) -> Void) -> MeasurementRecorded {
    var measurement = MeasurementRecorded(
      window: WindowReference(id: WindowID(UUID()), startAt: .init(seconds: 0), endAt: .init(seconds: 60), source: "/w.csv"), part: part, rows: 200, drift: nil,
      columns: [], metrics: [:], late: false, inconclusive: false)
    change(&measurement)
    return measurement
  }

  private static func column(_ name: String) -> ColumnMeasurement {
    ColumnMeasurement(
      name: name, test: "ks", score: 0.9, statistic: 0.9, pValue: 0.9, pAdjusted: 0.9, effect: 0.9, threshold: 0.05, verdict: "drifted", missing: 0.9)
  }

  /// Of every kind of metric one, with a measurement in which it is 0.9 and what stands in for the star.
  private static let everything: [(metric: String, measurement: MeasurementRecorded, series: String?)] = [
    ("drift.share", measurement { $0.drift = DriftVerdict(detected: true, share: 0.9, driftedColumns: []) }, nil),
    ("column.mean radius.effect", measurement { $0.columns = [column("other"), column("mean radius")] }, nil),
    ("column.*.p_adjusted", measurement { $0.columns = [column("a.b")] }, "a.b"),
    ("missing.age", measurement { $0.columns = [column("age")] }, nil),
    ("segment.site A.drift.share", measurement { $0.segments = [segment("site A")] }, nil),
    ("segment.*.mean_confidence", measurement { $0.segments = [segment("a.rows")] }, "a.rows"),
    ("segment.*.accuracy", measurement(.quality) { $0.segments = [segment("north")] }, "north"),
    ("version.m/2.accuracy", measurement(.quality) { $0.byVersion = ["m/2": ArmMeasurement(rows: 9, metrics: ["accuracy": 0.9], intervals: [:])] }, nil),
    ("estimated_accuracy", measurement { $0.metrics = ["estimated_accuracy": 0.9] }, nil),
    ("estimated_mae", measurement { $0.metrics = ["estimated_mae": 0.9] }, nil),
    ("estimated_accuracy_error", measurement(.quality) { $0.metrics = ["estimated_accuracy_error": 0.9] }, nil),
    ("accuracy", measurement(.quality) { $0.metrics = ["accuracy": 0.9] }, nil),
    ("posted.toxicity.mean", measurement { $0.metrics = ["toxicity.mean": 0.9] }, nil),
    ("posted.toxicity", measurement(.quality) { $0.metrics = ["toxicity": 0.9] }, nil),
    ("kedge.lag_seconds", measurement { $0.metrics = ["lag_seconds": 0.9] }, nil),
  ]

  private static func segment(_ name: String) -> SegmentMeasurement {
    SegmentMeasurement(
      group: name, rows: 50, tooSmall: false, drift: DriftVerdict(detected: true, share: 0.9, driftedColumns: ["x"]),
      metrics: ["accuracy": 0.9, "mean_confidence": 0.9])
  }

  @Test(arguments: 0..<everything.count) func `each kind of metric raises an alert, and one that is not there says nothing`(index: Int) {
    let (metric, measurement, series) = Self.everything[index]
    var world = Self.world(AlertCondition(metric: MetricName(metric), .atLeast(0.8)))
    func measure(_ change: (inout MeasurementRecorded) -> Void) {
      world.advance(by: .seconds(60))
      var measurement = measurement
      measurement.window = world.window("\(world.log.count)")
      change(&measurement)
      world.append([.measurementRecorded(measurement)], to: "monitor/live", by: "kedge/measurer")
      world.settle()
    }
    measure { ($0.drift, $0.columns, $0.segments, $0.metrics, $0.byVersion) = (nil, [], nil, [:], [:]) }
    #expect(world.alerts.isEmpty, "\(metric)")
    measure { _ in }
    #expect(world.firing.count == 1, "\(metric)")
    guard case .alertRaised(let raised)? = world.records(world.alerts[0].stream).last?.fact else { return }
    #expect(raised.value == 0.9 && raised.subject.series == series, "\(metric)")
    // It fires on while nothing can be said.
    measure { ($0.drift, $0.columns, $0.segments, $0.metrics, $0.byVersion) = (nil, [], nil, [:], [:]) }
    #expect(world.firing.count == 1, "\(metric)")
  }

  @Test func `names of metrics are read whatever the names of columns and groups`() {
    func subject(_ text: String) -> MetricName.Subject? { MetricName(text).subject }
    #expect(subject("segment.a.b.drift.share") == .segment("a.b", .driftShare))
    #expect(subject("segment.rows.rows") == .segment("rows", .rows))
    #expect(subject("segment.drift.share.drift.columns") == .segment("drift.share", .driftedColumns))
    #expect(subject("segment.*.f1") == .segment("*", .metric("f1")))
    for text in ["segment.f1", "segment..f1", "segment.a.brier", "posted.", "kedge.mood", "column..score", "segment.drift.share"] {
      #expect(subject(text) == nil, "\(text)")
    }
    #expect(MetricName("segment.a.accuracy").part == .quality && MetricName("segment.a.drift.share").part == .input)
  }

  @Test func `a group with too few rows counts neither way, but its rows do`() {
    var small = Self.segment("north")
    small.tooSmall = true
    let measurement = Self.measurement { $0.segments = [small] }
    #expect(measurement.value(of: "segment.north.drift.share") == nil)
    #expect(measurement.value(of: "segment.north.rows") == 50)
    #expect(measurement.value(of: "segment.south.rows") == nil)
  }

  @Test func `lateness is from the end of a window until it was measured`() {
    var world = Self.world(AlertCondition(metric: "lateness", .above(3600)))
    let window = world.window("w")
    world.advance(by: .seconds(3600))
    world.measure(window, 0)
    #expect(world.alerts.isEmpty)
    let next = world.window("x")
    world.advance(by: .seconds(3601))
    world.measure(next, 0)
    #expect(world.firing.count == 1)
  }

  @Test func `a window that cannot be measured is an alert, and one that can ends it`() {
    var world = Self.world(.outcome(.measurementFailed)) { $0.for = 2 }
    func fail(_ part: Part = .input) {
      world.advance(by: .seconds(60))
      world.append([.measurementFailed(MeasurementFailed(window: world.window("\(world.log.count)"), part: part, reason: "x"))], to: "monitor/live")
      world.settle()
    }
    fail()
    fail(.quality)
    #expect(world.firing.isEmpty)
    fail()
    #expect(world.firing.count == 1)
    world.label(0.9)
    #expect(world.firing.count == 1, "labels of another window say nothing")
    world.measure(0.9)
    #expect(world.firing.isEmpty && world.alert(0).phase == .resolved)
  }

  @Test func `a challenger that does not pass its gate is an alert`() throws {
    var world = Simulation(
      Simulation.spec.with {
        $0.rules = [AlertRuleSpecification(name: "gate", monitor: "live", when: .outcome(.gateFailed), notify: ["ops"])]
        $0.pipelines = [Specifications.pipeline(trigger: [], retries: 0)]
      })
    for (passed, firing) in [(false, 1), (false, 1), (true, 0)] {
      let run = world.retrain(Simulation.spec.pipelines[0], by: "dora")
      try world.train(run)
      _ = try world.evaluate(run, passed: passed)
      #expect(world.firing.count == firing)
    }
    #expect(world.alerts.count == 1)
  }

  // MARK: detectors

  private static let detectors: [DetectorSpecification] = [
    .adwin(delta: 0.002), .pageHinkley(threshold: 0.5, delta: 0.005, windows: 20, direction: .both), .kswin(alpha: 0.005, windows: 60),
    .hddmA(confidence: 0.001, direction: .both), .hddmW(confidence: 0.001, direction: .both),
  ]

  @Test(arguments: detectors) func `a detector finds that a metric changed, once, and not while nothing does`(detector: DetectorSpecification) {
    var world = Self.world(.comparison(AlertComparison(metric: "drift.share", detector))) { $0.keepFiring = .minutes(5) }
    var dice = Dice(7)
    func measure(_ level: Double) { world.measure(level + Double(dice.roll(100)) / 1000) }
    for _ in 0..<200 { measure(0.1) }
    #expect(world.alerts.isEmpty)
    for _ in 0..<60 { measure(0.6) }
    #expect(world.alerts.count >= 1 && world.alerts.count <= 2, "\(detector.name): \(world.alerts.count)")
    guard case .alertRaised(let raised)? = world.records(world.alerts[0].stream).first?.fact else { return }
    #expect(raised.condition == "\(detector.name.rawValue) finds a change of drift.share")
    for _ in 0..<20 { measure(0.6) }
    #expect(world.firing.isEmpty, "the new level is the usual one")
  }

  @Test(arguments: detectors) func `what a detector has learned outlives the process`(detector: DetectorSpecification) throws {
    let rule = AlertRuleSpecification(name: "drifted", monitor: "live", when: .comparison(AlertComparison(metric: "drift.share", detector)))
    var (whole, interrupted) = (AlertingPolicy(), AlertingPolicy())
    var kept: [String: JSON] = [:]
    let world = Simulation()
    func record(_ fact: Fact, _ stream: String, _ second: Int64) -> FactRecord {
      FactRecord(
        fact, id: UUID(), stream: stream, version: 1, position: second, actor: "x", principal: "x", at: .init(seconds: second), correlation: nil)
    }
    let defined = record(.ruleDefined(rule), "rule/drifted", 1)
    (_, _) = (whole.react(to: defined), interrupted.react(to: defined))
    var dice = Dice(11)
    var alerts = 0
    for index in 0..<300 {
      var measurement = Self.measurement {
        $0.drift = DriftVerdict(detected: false, share: (index < 150 ? 0.1 : 0.8) + Double(dice.roll(100)) / 1000, driftedColumns: [])
      }
      measurement.window = WindowReference(
        id: WindowID(UUID()), startAt: world.now, endAt: .init(seconds: Int64(index) * 60), source: "/w.csv")
      let fact = record(.measurementRecorded(measurement), "monitor/live", Int64(index) * 60 + 1)
      let commands = whole.react(to: fact)
      #expect(interrupted.react(to: fact) == commands, "window \(index)")
      alerts += commands.count
      for (key, entry) in try interrupted.takeChanges() { kept[key] = entry.isNull ? nil : try JSON(parsing: entry.description) }
      guard index % 17 == 0 else { continue }
      interrupted = AlertingPolicy()
      for (key, entry) in kept { try interrupted.restore(key: key, entry: entry) }
    }
    #expect(alerts > 0)
  }

  @Test func `a detector is written down with its settings`() throws {
    for detector in Self.detectors {
      let condition = AlertCondition.comparison(AlertComparison(metric: "accuracy", detector))
      #expect(try JSON(encoding: condition).decode(AlertCondition.self) == condition)
    }
    let json = try JSON(encoding: AlertCondition.comparison(AlertComparison(metric: "accuracy", Self.detectors[1])))
    #expect(
      json == [
        "metric": "accuracy", "detector": ["name": "page_hinkley", "threshold": 0.5, "delta": 0.005, "windows": 20, "direction": "both"],
      ])
  }
}
