import Foundation
import Statistics
import Testing
import Values

@Suite struct DetectorTests {
  private static let streams = ["errors_step", "real_gradual", "errors_nochange", "real_nochange", "errors_improving"]

  private func run(_ detector: some StreamDetector, _ values: [Double]) -> (drift: [Int], warning: [Int]) {
    var detector = detector
    var (drift, warning): ([Int], [Int]) = ([], [])
    for (index, value) in values.enumerated() {
      let signal = detector.update(value)
      if signal.drift { drift.append(index) }
      if signal.warning { warning.append(index) }
    }
    return (drift, warning)
  }

  @Test(arguments: streams)
  func `every detector raises drift where River does`(stream: String) throws {
    let values = try Golden.column("stream_\(stream).csv", "x")
    let expected = try Golden.json("expected/streams_river.json")["streams"]![stream]!["detectors"]!
    func check(_ key: String, _ detector: some StreamDetector) {
      guard let want = expected[key] else { return }
      let got = run(detector, values)
      #expect(got.drift == want["drift_at"]!.array!.map { $0.integer! }, "\(stream) \(key)")
      #expect(got.warning.count == want["warnings_n"]?.integer ?? 0, "\(stream) \(key)")
      if let first = want["first_warnings"]?.array { #expect(Array(got.warning.prefix(10)) == first.map { $0.integer! }, "\(stream) \(key)") }
    }
    check("ADWIN()", ADWIN())
    check("PageHinkley()", PageHinkley())
    check("PageHinkley(threshold=10)", PageHinkley(threshold: 10))
    check("PageHinkley(mode=up)", PageHinkley(direction: .up))
    check("PageHinkley(delta=0.005,threshold=5,alpha=1-0.0001,mode=both)", PageHinkley(threshold: 5))
    check("DDM()", DDM())
    check("EDDM()", EDDM())
    check("HDDMA()", HDDMA())
    check("HDDMW()", HDDMW())
    check("HDDMA() on real values", HDDMA())
    check("HDDMW() on real values", HDDMW())
    check("HDDMA(two_sided_test=True)", HDDMA(direction: .both))
    check("HDDMW(two_sided_test=True)", HDDMW(direction: .both))
  }

  @Test(arguments: streams)
  func `ADWIN's window ends as River's does`(stream: String) throws {
    let want = try Golden.json("expected/streams_river.json")["streams"]![stream]!["detectors"]!["ADWIN()"]!
    var detector = ADWIN()
    for value in try Golden.column("stream_\(stream).csv", "x") { _ = detector.update(value) }
    #expect(detector.width == want["final_width"]?.double)
    expectGolden("estimate", want["final_estimation"]) { detector.estimate }
    expectGolden("variance", want["final_variance"], tolerance: 1e-8) { detector.variance }
  }

  @Test func `KSWIN finds a step soon and keeps quiet otherwise`() throws {
    var random = RandomSource(seed: 11)
    let quiet = (0..<3000).map { _ in random.normal() }
    #expect(run(KSWIN(alpha: 0.0001), quiet).drift.count <= 3)
    let step = (0..<2000).map { random.normal() + ($0 < 1000 ? 0 : 2) }
    let found = run(KSWIN(alpha: 0.0001), step).drift
    #expect(found.contains { (1000..<1060).contains($0) }, "\(found)")
  }

  @Test(arguments: AnyStreamDetector.names)
  func `a detector written down goes on where it stopped`(name: String) throws {
    let values = try Golden.column("stream_errors_step.csv", "x")
    var whole = try #require(AnyStreamDetector(name))
    let all = whole.run(values)
    var first = try #require(AnyStreamDetector(name))
    let before = first.run(Array(values[..<777]))
    var second = try JSONDecoder().decode(AnyStreamDetector.self, from: JSONEncoder().encode(first))
    #expect(second == first)
    let after = second.run(Array(values[777...]))
    #expect(before.drift + after.drift.map { $0 + 777 } == all.drift)
    #expect(before.warning + after.warning.map { $0 + 777 } == all.warning)
    #expect(whole.name == name)
    var single = try #require(AnyStreamDetector(name))
    #expect(values.indices.filter { single.update(values[$0]).drift } == all.drift)
  }

  @Test func `the online two-sample test keeps its run time and finds a shift`() throws {
    var random = RandomSource(seed: 4)
    let reference = Sample((0..<500).map { _ in random.normal() })
    var detector = try OnlineTwoSample(reference: reference, window: 30, expectedRunTime: 300, simulations: 100)
    var alarms = 0
    for _ in 0..<6000 where detector.update(random.normal()).drift { alarms += 1 }
    // 20 expected; the reference is one draw, so the rate varies.
    #expect(alarms > 3 && alarms < 60, "\(alarms)")
    var steps = 0
    while !detector.update(random.normal() + 1.5).drift, steps < 200 { steps += 1 }
    #expect(steps < 60)
    #expect(throws: NotComputable.self) { try OnlineTwoSample(reference: Sample([1, 2, 3])) }
  }
}
