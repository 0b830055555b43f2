internal import Foundation
internal import Statistics

/// Detectors beside River's on streams in which nothing changes: the case that they spend their lives in. Both are measured in processor time, which
/// other work on the machine changes least.
struct DetectorBenchmark {
  let arguments: Bench.Arguments

  func run(into report: inout Report) throws {
    let (rounds, count) = arguments.quick ? (1, 1_000_000) : (5, 10_000_000)
    for name in AnyStreamDetector.names {
      Bench.note(name)
      let values = stream(for: name, count: name == "kswin" ? count / 20 : count)
      let theirs = name == "kswin" ? 2_000 : arguments.quick ? 100_000 : 500_000
      var (rates, peers): ([Double], [Double]) = ([], [])
      for _ in 0..<rounds {
        rates.append(rate(name, values))
        if !arguments.python.isEmpty { peers.append(try river(name, theirs)) }
      }
      let ratio = peers.isEmpty ? nil : zip(rates, peers).map { $0 / $1 }.median
      report.add(
        name, rates.median / 1e6, unit: "million updates/s", peer: peers.isEmpty ? nil : peers.median / 1e6, ratio: ratio, beside: "River, times faster",
        goal: name == "adwin" ? ratio == nil ? nil : .ratioAtLeast(5) : nil)
      if name == "adwin" { report.add("  by itself", rates.median / 1e6, unit: "million updates/s", goal: .atLeast(10)) }
    }
  }

  /// Uniform numbers; errors, one in ten, for those that count errors.
  private func stream(for name: String, count: Int) -> [Double] {
    var random = RandomSource(seed: 1)
    let isContinuous = ["adwin", "page_hinkley", "kswin"].contains(name)
    return (0..<count).map { _ in isContinuous ? random.uniform() : random.uniform() < 0.1 ? 1 : 0 }
  }

  private func rate(_ name: String, _ values: [Double]) -> Double {
    guard var detector = AnyStreamDetector(name) else { return 0 }
    let began = DetectorBenchmark.processorSeconds()
    _ = detector.run(values)
    return Double(values.count) / (DetectorBenchmark.processorSeconds() - began)
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private func river(_ name: String, _ count: Int) throws -> Double {
    let output = "\(arguments.scratch)/river.out"
    _ = try Command.run(arguments.python, [arguments.peers, "river", name, "\(count)"], output: output, errors: "\(arguments.scratch)/river.err")
    return Double(try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }
}
