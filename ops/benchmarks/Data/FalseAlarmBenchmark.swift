internal import Foundation
internal import Profiles
internal import Statistics

/// How often a column is said to have drifted when nothing has, and how often when half a standard deviation has moved: preset `auto` beside
/// Evidently's default choice, on the same draws.
///
/// Evidently's verdicts are those of preset `evidently`, whose numbers and thresholds are tested to be Evidently 0.7.23's.
struct FalseAlarmBenchmark {
  let arguments: Bench.Arguments

  private var draws: Int { arguments.quick ? 2_000 : 20_000 }

  /// What is drawn, and how many rows.
  struct Case: Sendable {
    let name: String
    let reference: Int
    let current: Int
    /// Of each category; nil: standard normal numbers.
    var shares: [Double]?

    static let all: [Case] =
      [(200, 200), (500, 500), (1000, 1000), (1000, 100), (1000, 5000)].map {
        Case(name: "4 categories", reference: $0.0, current: $0.1, shares: [0.4, 0.3, 0.2, 0.1])
      }
      + [(1000, 1000), (1000, 200)].map { Case(name: "20 categories", reference: $0.0, current: $0.1, shares: [Double](repeating: 0.05, count: 20)) }
      + [(200, 200), (1000, 200), (2000, 50), (2000, 100), (2000, 200), (2000, 500), (2000, 2000)].map {
        Case(name: "normal numbers", reference: $0.0, current: $0.1)
      }
  }

  /// Shares of the draws.
  struct Rates {
    /// Raw p ≤ 0.05, without a least effect.
    var alarms = 0.0
    /// Called drifted.
    var drifted = 0.0
    /// Called drifted by Evidently's choice.
    var evidently = 0.0
  }

  /// - Throws: `TableError`, which would be a mistake of ours.
  func run(into report: inout Report) throws {
    for (index, one) in Case.all.enumerated() {
      let still = try rates(of: one, shift: 0, seed: UInt64(1 + 2 * index))
      let moved = try rates(of: one, shift: 0.5, seed: UInt64(2 + 2 * index))
      let name = "\(one.name), \(one.reference) and \(one.current) rows"
      report.add(
        "\(name): p ≤ 0.05 of nothing", still.alarms * 100, unit: "%", peer: still.evidently * 100, ratio: .some(nil), beside: "called drifted by Evidently",
        goal: .within(3, 6))
      report.add("  called drifted of nothing", still.drifted * 100, unit: "%", goal: .atMost(still.alarms * 100))
      report.add(
        "  called drifted of 0.5 σ", moved.drifted * 100, unit: "%", peer: moved.evidently * 100, ratio: .some(nil), beside: "called drifted by Evidently")
    }
  }

  private func rates(of one: Case, shift: Double, seed: UInt64) throws -> Rates {
    var results = [Result<Rates, any Error>](repeating: .success(Rates()), count: 64)
    let each = (draws + results.count - 1) / results.count
    results.withUnsafeMutableBufferPointer { buffer in
      let target = Target(results: buffer)
      DispatchQueue.concurrentPerform(iterations: buffer.count) { batch in
        target.results[batch] = Result { try batchRates(of: one, shift: shift, draws: each, seed: seed << 32 | UInt64(batch)) }
      }
    }
    var sum = Rates()
    for result in results {
      let rates = try result.get()
      sum.alarms += rates.alarms / Double(each * results.count)
      sum.drifted += rates.drifted / Double(each * results.count)
      sum.evidently += rates.evidently / Double(each * results.count)
    }
    return sum
  }

  /// `@unchecked Sendable`: every iteration writes its own element.
  private struct Target: @unchecked Sendable { let results: UnsafeMutableBufferPointer<Result<Rates, any Error>> }

  /// Counts, not yet shares.
  private func batchRates(of one: Case, shift: Double, draws: Int, seed: UInt64) throws -> Rates {
    var random = RandomSource(seed: seed)
    var counts = Rates()
    for _ in 0..<draws {
      let reference = table(one, rows: one.reference, shift: 0, &random)
      let current = table(one, rows: one.current, shift: shift, &random)
      let ours = try Comparison.run(reference: reference, current: current)
      let evidently = try Comparison.run(reference: reference, current: current, options: .init(choice: .evidently))
      if let p = ours.columns[0].pValue, p <= 0.05 { counts.alarms += 1 }
      if ours.columns[0].drifted { counts.drifted += 1 }
      if evidently.columns[0].drifted { counts.evidently += 1 }
    }
    return counts
  }

  /// One column. Categories are intervals of a standard normal number, so that a shift means the same for both kinds.
  private func table(_ one: Case, rows: Int, shift: Double, _ random: inout RandomSource) -> DataTable {
    let numbers = (0..<rows).map { _ in random.normal() + shift }
    guard let shares = one.shares else {
      return DataTable(source: one.name, rowCount: rows, columns: [Column(name: "x", values: .numbers(numbers))])
    }
    var (edges, sum): ([Double], Double) = ([], 0)
    for share in shares.dropLast() {
      sum += share
      edges.append(Normal.quantile(sum))
    }
    let texts = numbers.map { number -> String? in "c\(edges.count { $0 < number })" }
    return DataTable(source: one.name, rowCount: rows, columns: [Column(name: "x", values: .strings(StringColumn(texts)), type: .categorical)])
  }
}
