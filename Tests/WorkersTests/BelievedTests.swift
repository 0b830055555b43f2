import AlertWorkload
import Foundation
import Lifecycle
import Profiles
import Testing

/// The rule of the example on hourly windows; the long form, months beside Evidently's defaults, is `ops/bench alerting`.
@Suite struct BelievedTests {
  private static let still: [WindowStory] = {
    let breast = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("StatisticsTests/Golden/breast_reference.csv")
    return WindowStory.still(breast: (try? String(contentsOf: breast, encoding: .utf8)) ?? "")
  }()

  private func alerts(_ story: WindowStory, hours: Int) throws -> [Int] {
    let file = NSTemporaryDirectory() + "kedge-window-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: file) }
    return WindowStory.alerts(WindowStory.rule, shares: try story.shares(hours: hours, seed: 1, [.auto], file: file)[0])
  }

  @Test(arguments: 0..<4) func `it is quiet where nothing changes`(story: Int) throws {
    #expect(try alerts(Self.still[story], hours: 72).isEmpty, "\(Self.still[story].name)")
  }

  @Test(arguments: WindowStory.changing.indices) func `it notices a change, and only then`(story: Int) throws {
    let found = try alerts(WindowStory.changing[story], hours: WindowStory.changedHour + 12)
    #expect(found.count == 1, "\(WindowStory.changing[story].name)")
    #expect(found.allSatisfy { $0 >= WindowStory.changedHour }, "\(WindowStory.changing[story].name)")
  }
}
