import Declarations
import Lifecycle
import Testing
import Values

struct PrintTests {
  @Test func `what is printed reads back as the same`() throws {
    let declarations = try parse(example)
    let text = try DeclarationFile.print(declarations)
    #expect(try parse(text) == declarations)
    #expect(try DeclarationFile.print(parse(text)) == text)
  }

  @Test func `a monitor is printed as people write it`() throws {
    #expect(
      try DeclarationFile.print([parse(example)[2]]) == """
        kind: Monitor
        name: breast-cancer-live
        model: breast-cancer
        baseline: {file: /srv/example/reference.csv}
        window:
          files: "/srv/example/incoming/*.csv"
          labels: {files: "/srv/example/labels/*.csv"}
          every: 1h
          minimum_rows: 100
        columns: {id: id, version: version, time: at, prediction: predicted, probability: score, label: diagnosis, group: site, exclude: []}
        tests:
          default: auto
          drift_share: 0.5
          correction: benjamini-hochberg
          columns:
            mean radius: {test: psi, threshold: 0.2}

        """)
  }

  @Test(arguments: [
    "", " ", "yes", "No", "null", "~", "1", "1.5", "-", "- a", "a: b", "a:b", "#x", "a #b", "\"q\"", "it's", "[a]", "{a}", "*a", "&a", "!a", "|", ">",
    "%a", "@a", "`a`",
    "a\nb", "tab\t", "trailing ", "é", "日本", "🙂", "\u{7f}", "\u{85}", "\u{2028}", "a\u{feff}", "\\", "/x", "0x1f", "1e5", ".inf", "2026-01-01",
    "12:30", "=", "<<", "\u{0}",
  ])
  func `any text survives as a value and as a key`(text: String) throws {
    let model = Declaration.model(ModelSpecification(name: "m", task: .regression, tags: ["value": text, text: "key"]))
    #expect(try parse(DeclarationFile.print([model])) == [model])
    let pipeline = Declaration.pipeline(
      PipelineSpecification(
        name: "p", model: "m", train: TrainSpecification(trainer: .command(["a", text], directory: "/d")),
        evaluate: EvaluateSpecification(command: ["a"], gate: [GateRule(metric: "f1", .absolute(.above(0)))]),
        parameters: ["a": .string(text), "b": [.string(text)], "c": ["k": ["k": .string(text)]], "d": [1, 1.5, true, nil, -2e-300, 1e21, [], [:]]]))
    #expect(try parse(DeclarationFile.print([pipeline])) == [pipeline])
  }

  @Test func `a difference names the path and both values`() throws {
    let old = try parse(example)
    let new = try parse(
      example.replacing("every: 1h", with: "every: 5m").replacing("above: 0.90", with: "above: 0.95").replacing("12}", with: "13, x: y}"))
    #expect(try Declaration.diff(old[2], new[2]).map(\.description) == ["window.every: \"1h\" → \"5m\""])
    #expect(try Declaration.diff(old[4], new[4]).map(\.description) == ["evaluate.gate[0].above: 0.9 → 0.95"])
    #expect(try Declaration.diff(old[0], new[0]).map(\.description) == ["tags.cost_center: \"12\" → \"13\"", "tags.x: added \"y\""])
    #expect(try Declaration.diff(old[1], new[1]).isEmpty)
    #expect(try Declaration.diff(nil, new[1]) == [DeclarationChange(path: "", old: nil, new: ["name": "default", "slots": 2])])
  }

  @Test func `a list of conditions that grew says what was added`() throws {
    let old = try parse(example)
    let new = try parse(example.replacing("    - {metric: accuracy, not_worse_than_champion_by: 0.01}\n", with: ""))
    #expect(
      try Declaration.diff(new[4], old[4]).map(\.description).last
        == "evaluate.gate[2]: added {\"at_most\":0.1,\"group\":\"site\",\"metric\":\"demographic_parity_difference\"}")
  }
}
