import AlertWorkload
import Foundation
import Lifecycle
import Synchronization
import Values

/// Ten thousand monitors, a measurement a minute each, for thirty days: how long the policy takes to read them, how much it remembers, and whether a
/// seeded hundredth of its alerts are those of a reference that looks back at every window.
@main
struct AlertBench {
  static func main() throws {
    let arguments = Set(CommandLine.arguments.dropFirst())
    let isQuick = arguments.contains("--quick")
    let wanted = arguments.lazy.compactMap { $0.hasPrefix("--days=") ? Int($0.dropFirst(7)) : nil }.first
    let days = wanted ?? (isQuick ? 1 : 30)
    let workload = AlertWorkload(monitors: isQuick ? 1000 : 10_000, windows: days * 1440, seed: 20_260_105)
    note("\(workload.monitors) monitors, \(workload.windows) windows each")
    let before = residentMegabytes()
    let watch = ContinuousClock()
    let start = watch.now
    let processor = processorSeconds()
    let (alerts, measurements) = try workload.fold { day in note("  day \(day + 1) of \(days), \(Int(residentMegabytes())) MiB") }
    let seconds = inSeconds(watch.now - start)
    let memory = residentMegabytes() - before
    let processorTime = processorSeconds() - processor
    note("compared with the reference")
    // Each kind of rule, from all over.
    let chosen = (0..<workload.monitors / 100).map { ($0 * 101 + 7) % workload.monitors }
    let different = Mutex(0)
    let next = Mutex(0)
    var compared = 0
    for monitor in chosen { compared += alerts[monitor]?.count ?? 0 }
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      while true {
        let index = next.withLock { value in
          defer { value += 1 }
          return value
        }
        guard index < chosen.count else { return }
        let windows = (0..<workload.windows).compactMap { workload.window(chosen[index], $0) }
        if AlertReference(workload.rule(chosen[index]), windows).alerts != alerts[chosen[index]] ?? [] { different.withLock { $0 += 1 } }
      }
    }
    let wrong = different.withLock { $0 }
    let results: [(name: String, value: Double, unit: String)] = [
      ("measurements read", Double(measurements), "measurements"), ("time to read them", seconds, "s"),
      ("processor time to read them", processorTime, "s"), ("processor time of a measurement", processorTime / Double(measurements) * 1e9, "ns"),
      ("memory", memory, "MiB"),
      ("alerts raised", Double(alerts.values.reduce(0) { $0 + $1.count }), "alerts"),
      ("monitors compared with the reference", Double(chosen.count), "monitors"),
      ("alerts compared", Double(compared), "alerts"), ("monitors whose alerts differ", Double(wrong), "monitors"),
    ]
    if arguments.contains("--json") {
      let items = results.map { ["name": .string($0.name), "ours": JSON($0.value), "peer": .null, "unit": .string($0.unit), "ratio": .null] as JSON }
      let cores = ProcessInfo.processInfo.activeProcessorCount
      print((["machine": ["cores": JSON(cores)], "results": .array(items)] as JSON).text(.indented))
    } else {
      for result in results { print("\(result.name): \(String(format: "%.6g", result.value)) \(result.unit)") }
    }
    exit(wrong == 0 ? 0 : 1)
  }

  private static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  private static func inSeconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }

  /// Of this process, so that what else the machine does is left out.
  private static func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

  private static func residentMegabytes() -> Double {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8), let match = status.firstMatch(of: /VmRSS:\s+([0-9]+) kB/) else {
      return 0
    }
    return (Double(match.1) ?? 0) / 1024
  }
}
