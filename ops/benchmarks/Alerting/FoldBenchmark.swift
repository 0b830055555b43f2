internal import AlertWorkload
internal import Foundation

/// Ten thousand monitors, a measurement a minute each, for thirty days: how long the policy takes to read them, on one core, and how much it remembers.
struct FoldBenchmark: Sendable {
  let arguments: Bench.Arguments

  private var days: Int { arguments.days ?? (arguments.quick ? 1 : 30) }

  /// - Throws: `LogBenchmark.Failed` when alerts are not those of the reference.
  func run(into report: inout Report) throws {
    let workload = AlertWorkload(monitors: arguments.quick ? 1000 : 10_000, windows: days * 1440, seed: 20_260_105)
    Bench.note("\(workload.monitors) monitors, a measurement a minute, \(days) day\(days == 1 ? "" : "s"), in memory")
    let before = residentMebibytes()
    let processor = processorSeconds()
    let (alerts, measurements) = try workload.fold { day in if day % 5 == 4 { Bench.note("  day \(day + 1), \(Int(residentMebibytes())) MiB") } }
    let took = processorSeconds() - processor
    report.add("\(workload.monitors) monitors for \(days) days in memory: measurements read", Double(measurements), unit: "measurements")
    report.add("  processor time, the making of the measurements included", took, unit: "s")
    report.add("  of a measurement", took / Double(measurements) * 1e9, unit: "ns")
    report.add("  memory", residentMebibytes() - before, unit: "MiB")
    report.add("  alerts raised", Double(alerts.values.reduce(0) { $0 + $1.count }), unit: "alerts")
    try AlertingBenchmark.compare(workload, alerts, "in memory", into: &report)
  }

  /// Of this process, so that what else the machine does is left out.
  private func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

  private func residentMebibytes() -> Double {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8), let match = status.firstMatch(of: /VmRSS:\s+([0-9]+) kB/) else {
      return 0
    }
    return (Double(match.1) ?? 0) / 1024
  }
}
