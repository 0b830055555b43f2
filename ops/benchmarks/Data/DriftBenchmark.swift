internal import Foundation

/// Comparing and profiling files beside Evidently and duckdb: whole programs on the same files, in turns.
struct DriftBenchmark {
  let arguments: Bench.Arguments

  private var rows: Int { arguments.quick ? 100_000 : 1_000_000 }
  private var rounds: Int { arguments.quick ? 2 : 5 }

  func run(into report: inout Report) throws {
    Bench.note("making files of \(rows) rows")
    let (reference, current) = (file("reference.csv"), file("current.csv"))
    try DataFiles(rows: rows, seed: 1, shift: 0).write(to: reference)
    try DataFiles(rows: rows, seed: 2, shift: 0.3).write(to: current)
    let size = Double((try FileManager.default.attributesOfItem(atPath: current)[.size] as? Int) ?? 0)
    try compare(reference, current, into: &report)
    try profile(current, size, into: &report)
    try againstProfile(reference, current, into: &report)
    try parquet(reference, current, into: &report)
    try small(into: &report)
  }

  /// Two files, with both reports.
  private func compare(_ reference: String, _ current: String, into report: inout Report) throws {
    Bench.note("comparing")
    let ours = ["compare", "--reference", reference, "--current", current, "--report", file("report.html"), "--report", file("report.json")]
    let duel = try turns(ours, ["duckdb-compare", reference, current])
    report.add("compare two CSV files, both reports", duel.ours.seconds, unit: "s", goal: nil)
    add("  beside duckdb reading both with histograms", duel, least: 2, into: &report)
    report.add("  peak memory", duel.ours.mebibytes, unit: "MiB", peer: duel.peer?.mebibytes, beside: "duckdb", goal: .atMost(600))
    guard !arguments.python.isEmpty else { return }
    let evidently = try peer(["evidently", reference, current, file("evidently.html"), file("evidently.json")])
    let ratio = evidently.seconds / duel.ours.seconds
    report.add(
      "  beside Evidently's default report", duel.ours.seconds, unit: "s", peer: evidently.seconds, ratio: ratio, beside: "Evidently, times faster",
      goal: .ratioAtLeast(80))
    report.add(
      "  processor time beside Evidently", duel.ours.processorSeconds, unit: "s", peer: evidently.processorSeconds,
      ratio: evidently.processorSeconds / duel.ours.processorSeconds, beside: "Evidently, times less")
    report.add("  peak memory beside Evidently", duel.ours.mebibytes, unit: "MiB", peer: evidently.peakMemory / 1_048_576, beside: "Evidently")
  }

  private func profile(_ current: String, _ size: Double, into report: inout Report) throws {
    Bench.note("profiling")
    let duel = try turns(["profile", current, "-o", "json"], ["duckdb-profile", current])
    add("profile a CSV file, beside duckdb with histograms", duel, least: 2, into: &report)
    report.add("  peak memory", duel.ours.mebibytes, unit: "MiB", peer: duel.peer?.mebibytes, beside: "duckdb", goal: .atMost(300))
    report.add("  read", size / 1e6 / duel.ours.seconds, unit: "MB/s")
    // Ten times the same rows take ten times as long and no more memory.
    let directory = file("ten")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for part in 0..<10 { try FileManager.default.linkItem(atPath: current, toPath: "\(directory)/\(part).csv") }
    let ten = try kedge(["profile", directory, "-o", "json"])
    report.add("  peak memory of ten times the rows", ten.peakMemory / 1_048_576, unit: "MiB", goal: .atMost(300))
  }

  /// A stored reference costs nothing: reading the current file is all there is.
  private func againstProfile(_ reference: String, _ current: String, into report: inout Report) throws {
    Bench.note("comparing with a profile")
    let stored = file("reference.json")
    _ = try kedge(["profile", reference, "-o", "json"], output: stored)
    var (comparing, reading): ([Command.Cost], [Command.Cost]) = ([], [])
    for _ in 0..<rounds {
      comparing.append(try kedge(["compare", "--reference", stored, "--current", current, "-o", "json"]))
      reading.append(try kedge(["profile", current, "-o", "json"]))
    }
    let (ours, other) = (Figures(comparing), Figures(reading))
    report.add(
      "compare a CSV file with a stored profile, beside profiling it", ours.seconds, unit: "s", peer: other.seconds, ratio: other.seconds / ours.seconds,
      beside: "kedge profile, times faster", goal: .ratioAtLeast(0.9))
    report.add("  peak memory", ours.mebibytes, unit: "MiB")
  }

  private func parquet(_ reference: String, _ current: String, into report: inout Report) throws {
    guard !arguments.python.isEmpty else { return }
    Bench.note("Parquet")
    let files = [reference, current].map { $0.replacing(".csv", with: ".parquet") }
    for (csv, parquet) in zip([reference, current], files) { _ = try peer(["duckdb-parquet", csv, parquet]) }
    add(
      "profile a Parquet file, beside duckdb with histograms", try turns(["profile", files[1], "-o", "json"], ["duckdb-profile", files[1]]), least: 1,
      into: &report)
    add(
      "compare two Parquet files, beside duckdb", try turns(["compare", "--reference", files[0], "--current", files[1]], ["duckdb-compare"] + files),
      least: 1, into: &report)
  }

  private func small(into report: inout Report) throws {
    Bench.note("200 rows")
    let (reference, current) = (file("small-reference.csv"), file("small-current.csv"))
    try DataFiles(rows: 200, seed: 3, shift: 0).write(to: reference)
    try DataFiles(rows: 200, seed: 4, shift: 0.3).write(to: current)
    let costs = try (0..<20).map { _ in try kedge(["compare", "--reference", reference, "--current", current, "-o", "json"]) }
    report.add("compare two files of 200 rows, the whole program", Figures(costs).seconds * 1000, unit: "ms", goal: .atMost(30))
  }

  /// Medians.
  private struct Figures {
    let seconds: Double
    let mebibytes: Double
    /// Of all threads: what a busy machine changes least.
    let processorSeconds: Double

    init(_ costs: [Command.Cost]) {
      seconds = costs.map(\.seconds).median
      mebibytes = costs.map(\.peakMemory).median / 1_048_576
      processorSeconds = costs.map(\.processorSeconds).median
    }
  }

  private struct Outcome {
    let ours: Figures
    let peer: Figures?
    /// Of the times, the median of the turns.
    let ratio: Double?
  }

  /// Ours and the peer's in turns, the first of each not counted.
  private func turns(_ ours: [String], _ theirs: [String]) throws -> Outcome {
    _ = try kedge(ours)
    guard !arguments.python.isEmpty else { return Outcome(ours: Figures(try (0..<rounds).map { _ in try kedge(ours) }), peer: nil, ratio: nil) }
    _ = try peer(theirs)
    var (mine, other): ([Command.Cost], [Command.Cost]) = ([], [])
    for _ in 0..<rounds {
      mine.append(try kedge(ours))
      other.append(try peer(theirs))
    }
    return Outcome(ours: Figures(mine), peer: Figures(other), ratio: zip(mine, other).map { $1.seconds / $0.seconds }.median)
  }

  private func add(_ name: String, _ outcome: Outcome, least: Double, into report: inout Report) {
    report.add(
      name, outcome.ours.seconds, unit: "s", peer: outcome.peer?.seconds, ratio: outcome.ratio, beside: "duckdb, times faster",
      goal: outcome.peer == nil ? nil : .ratioAtLeast(least))
    guard let peer = outcome.peer else { return }
    report.add(
      "  processor time", outcome.ours.processorSeconds, unit: "s", peer: peer.processorSeconds,
      ratio: peer.processorSeconds / outcome.ours.processorSeconds, beside: "duckdb, times less")
  }

  private func kedge(_ words: [String], output: String = "/dev/null") throws -> Command.Cost {
    try Command.run(arguments.kedge, words, output: output, errors: file("kedge.err"))
  }

  private func peer(_ words: [String]) throws -> Command.Cost {
    try Command.run(arguments.python, [arguments.peers] + words, errors: file("peer.err"))
  }

  private func file(_ name: String) -> String { "\(arguments.scratch)/\(name)" }
}
