internal import AlertWorkload
internal import Foundation
internal import PostgreSQL

/// Alerts: the policy in memory and through the database beside a reference, and how often default rules cry wolf.
struct AlertingBenchmark: Sendable {
  let arguments: Bench.Arguments
  let client: PostgresClient

  /// What can be run alone.
  enum Piece: String, CaseIterable {
    case believed, memory, database
  }

  /// - Throws: `LogBenchmark.Failed` when alerts are not those of the reference.
  func run(into report: inout Report) async throws {
    for piece in arguments.only.map({ [$0] }) ?? Piece.allCases {
      switch piece {
      case .believed: try BelievedBenchmark(arguments: arguments).run(into: &report)
      case .memory: try FoldBenchmark(arguments: arguments).run(into: &report)
      case .database: try await FollowBenchmark(arguments: arguments, client: client).run(into: &report)
      }
    }
  }

  /// Compares what was raised on a seeded hundredth of the monitors, which has every kind of rule from all over, with what a look back at all windows gives.
  /// - Throws: `LogBenchmark.Failed` that names a monitor whose alerts differ.
  static func compare(
    _ workload: AlertWorkload, _ alerts: [Int: [AlertWorkload.Alert]], _ how: String, into report: inout Report
  ) throws {
    Bench.note("comparing with the reference")
    let chosen = (0..<workload.monitors / 100).map { ($0 * 101 + 7) % workload.monitors }
    var different = [Bool](repeating: false, count: chosen.count)
    different.withUnsafeMutableBufferPointer { buffer in
      let target = Target(different: buffer)
      DispatchQueue.concurrentPerform(iterations: chosen.count) { place in
        let monitor = chosen[place]
        let windows = (0..<workload.windows).compactMap { workload.window(monitor, $0) }
        target.different[place] = AlertReference(workload.rule(monitor), windows).alerts != alerts[monitor] ?? []
      }
    }
    report.add("  alerts compared with the reference's", Double(chosen.reduce(0) { $0 + (alerts[$1]?.count ?? 0) }), unit: "alerts")
    report.add("  of so many monitors", Double(chosen.count), unit: "monitors")
    guard let place = different.firstIndex(of: true) else { return }
    throw LogBenchmark.Failed(what: "\(how): the alerts of monitor \(chosen[place]) are not those of the reference")
  }

  /// `@unchecked Sendable`: every iteration writes its own element.
  private struct Target: @unchecked Sendable { let different: UnsafeMutableBufferPointer<Bool> }
}
