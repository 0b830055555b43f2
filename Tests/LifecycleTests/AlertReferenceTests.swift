import AlertWorkload
import Lifecycle
import Testing

/// The policy against what its words mean; the long form, ten thousand monitors for thirty days, is `ops/bench alerting`.
@Suite struct AlertReferenceTests {
  @Test(arguments: [UInt64(1), 2, 3])
  func `the policy raises the alerts that a look back at all windows gives`(seed: UInt64) throws {
    let workload = AlertWorkload(monitors: 40, windows: 320, seed: seed)
    let found = try workload.fold()
    var kinds = 0
    for monitor in 0..<workload.monitors {
      let windows = (0..<workload.windows).compactMap { workload.window(monitor, $0) }
      let expected = AlertReference(workload.rule(monitor), windows).alerts
      #expect(found.alerts[monitor] ?? [] == expected, "\(workload.rule(monitor).when), monitor \(monitor)")
      if !expected.isEmpty { kinds += 1 }
    }
    #expect(kinds > 15, "most monitors have alerts to compare")
  }

  @Test func `the same hour of earlier days is found over days`() throws {
    let workload = AlertWorkload(monitors: 11, windows: 24 * 9, every: .seconds(3600), seed: 5)
    let found = try workload.fold(chosen: [10])
    let windows = (0..<workload.windows).compactMap { workload.window(10, $0) }
    let expected = AlertReference(workload.rule(10), windows).alerts
    #expect(found.alerts[10] ?? [] == expected)
    #expect(!expected.isEmpty)
  }
}
