import Foundation
import Lifecycle
import Profiles
import Testing

@testable import Workers

/// Kedge marks trainers' work itself: what a file of predictions comes to.
@Suite struct JudgementTests {
  private static let gate = [
    GateRule(metric: "accuracy", .absolute(.above(0.7))), GateRule(metric: "accuracy", .notWorseThanChampionBy(0.05)),
  ]

  /// Ten rows, of which champion and challenger get so many right.
  private func judge(champion: Int?, challenger: Int, gate: [GateRule] = gate) throws -> (results: [GateResult], passed: Bool) {
    var text = "id,label,\(champion == nil ? "" : "champion,")challenger,site\n"
    for row in 0..<10 {
      let label = row % 2
      func answer(_ right: Int) -> Int { row < right ? label : 1 - label }
      text += "\(row),\(label),\(champion.map { "\(answer($0))," } ?? "")\(answer(challenger)),\(row < 5 ? "north" : "south")\n"
    }
    return try judgement(text, hasChampion: champion != nil, gate).apply(gate)
  }

  private func judgement(_ text: String, hasChampion: Bool, _ gate: [GateRule] = gate) throws -> Judgement {
    let path = NSTemporaryDirectory() + "kedge-predictions-\(UUID().uuidString).csv"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try Judgement(predictions: path, task: .classification, hasChampion: hasChampion, groups: Set(gate.compactMap(\.group)))
  }

  @Test func `a challenger that is better passes`() throws {
    let (results, passed) = try judge(champion: 7, challenger: 8)
    #expect(passed)
    #expect(results.map(\.value) == [0.8, 0.8])
    #expect(results.map(\.limit) == [0.7, 0.7 - 0.05])
  }

  @Test func `strict means strict`() throws { #expect(try !judge(champion: 7, challenger: 7).passed) }

  @Test func `one that is worse than the champion by more than the margin fails`() throws {
    let (results, passed) = try judge(champion: 9, challenger: 8)
    #expect(!passed)
    #expect(results.map(\.outcome) == ["passed", "failed"])
  }

  @Test func `without a champion a relative rule is not applicable, and an absolute one decides`() throws {
    let (results, passed) = try judge(champion: nil, challenger: 8)
    #expect(passed)
    #expect(results.map(\.outcome) == ["passed", "not_applicable"])
    #expect(try !judge(champion: nil, challenger: 10, gate: [GateRule(metric: "accuracy", .notWorseThanChampionBy(0.05))]).passed)
  }

  @Test func `a metric that cannot be computed is not passed`() throws {
    let (results, passed) = try judge(champion: 7, challenger: 8, gate: JudgementTests.gate + [GateRule(metric: "log_loss", .absolute(.below(1)))])
    #expect(!passed)
    #expect(results.last?.outcome == "not_computable")
  }

  @Test func `fairness is judged over the group column that the rule names`() throws {
    let (results, _) = try judge(
      champion: 7, challenger: 10, gate: JudgementTests.gate + [GateRule(metric: "equalized_odds_difference", group: "site", .absolute(.atMost(0.1)))])
    #expect(results.last?.outcome == "passed")
    #expect(results.last?.rule == "equalized_odds_difference by site at most 0.1")
  }

  @Test func `a missing column or value is refused with its place`() throws {
    #expect { try judgement("id,label\n1,1\n", hasChampion: false) } throws: { "\($0)".contains("challenger") }
    #expect { try judgement("id,label,challenger\n1,1,1\n2,,1\n", hasChampion: false) } throws: { "\($0)".contains(":3: column \"label\"") }
    #expect { try judgement("id,label,challenger\n", hasChampion: false) } throws: { "\($0)".contains("no rows") }
  }
}
