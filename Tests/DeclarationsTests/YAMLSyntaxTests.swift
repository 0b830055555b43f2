import Declarations
import Lifecycle
import Testing

struct YAMLSyntaxTests {
  @Test func `after a mistake of syntax the other documents are still checked`() {
    let text = """
      kind: Pool
      name: a
      slots: x
      ---
      kind: Pool
      name: [b
      slots: 1
      ---
      kind: Pool
      name: c
      slots: y
      """
    let lines = mistakes(text)
    #expect(lines.count == 3, "\(lines)")
    #expect(lines.first == "k.yaml:3:8: slots: found \"x\"; expected a whole number from 1")
    #expect(lines.dropFirst().first?.hasPrefix("k.yaml:7:6: found a mistake in the YAML: ") == true, "\(lines)")
    #expect(lines.last == "k.yaml:11:8: slots: found \"y\"; expected a whole number from 1")
  }

  @Test func `a tab at the beginning of a line is called by its name`() {
    let lines = mistakes("kind: Monitor\nwindow:\n\tfiles: x\n")
    #expect(
      lines.count == 1 && lines[0].hasPrefix("k.yaml:3:1: found a mistake in the YAML")
        && lines[0].hasSuffix("expected spaces, not tabs, at the beginning of a line"), "\(lines)")
  }

  @Test func `a key given twice is told with both lines, and the rest is checked`() {
    let text = """
      kind: Pool
      name: a
      slots: 1
      name: b
      extra: 1
      ---
      kind: Monitor
      name: m
      model: a
      window: {files: x, "every": 1h, files: y, every: 2h, files: z}
      tests:
        columns:
          a: {test: ks}
          b: {test: ks}
          a: {test: psi}
      """
    #expect(
      mistakes(text)
        == [
          "k.yaml:4:1: name: found the key a second time, after line 2; expected each key once",
          "k.yaml:5:1: extra: found an unknown key; expected kind, name or slots",
          "k.yaml:10:33: files: found the key a second time, after line 10; expected each key once",
          "k.yaml:10:43: every: found the key a second time, after line 10; expected each key once",
          "k.yaml:10:54: files: found the key a second time, after line 10; expected each key once",
          "k.yaml:15:5: a: found the key a second time, after line 13; expected each key once",
        ].sorted { line($0) < line($1) })
  }

  private func line(_ text: String) -> Int { Int(text.split(separator: ":")[1]) ?? 0 }

  @Test func `a thing declared twice in a file is told with both lines`() {
    #expect(
      mistakes("kind: Pool\nname: a\nslots: 1\n---\nkind: Model\nname: a\ntask: regression\n---\nkind: Pool\nname: a\nslots: 2\n") == [
        "k.yaml:10:7: name: found Pool a a second time, after line 1; expected each declaration once"
      ])
  }

  @Test(arguments: ["", "# nothing\n", "---\n---\n", "null\n"])
  func `a file without declarations is a mistake`(text: String) {
    #expect(mistakes(text) == ["k.yaml:1:1: found no declaration; expected documents that begin with kind:"])
  }

  @Test(arguments: [
    ("- a\n- b\n", "k.yaml:1:1: found a list; expected a declaration that begins with kind:"),
    ("just text\n", "k.yaml:1:1: found \"just text\"; expected a declaration that begins with kind:"),
    ("name: a\n", "k.yaml:1:1: kind: found no such key; expected Model"),
    ("kind: *nowhere\n", "k.yaml:1:7: found a mistake in the YAML: found undefined alias"),
    ("kind: Pool\nname: a\u{7}\n", "found a character that YAML does not allow"),
    ("? [a, b]\n: c\nkind: Pool\n", "k.yaml:1:3: found a list; expected a key of plain text"),
    ("kind: !!binary x\n", "k.yaml:1:7: kind: found \"x\""),
    ("kind: @x\n", "quotes around a text that begins with @"),
    ("{\"kind\": \"Pool\"", "k.yaml:2:1: found a mistake in the YAML: while parsing a flow mapping (begun at line 1)"),
    ("kind: \"Pool\n", "k.yaml:"),
    ("%YAML 9.9\n---\nkind: Pool\n", "k.yaml:1:"),
  ])
  func `what is no declaration is refused where it stands`(text: String, expected: String) {
    let lines = mistakes(text)
    #expect(lines.contains { $0.contains(expected) }, "\(lines)")
  }

  @Test func `bytes that are not UTF-8 are refused with their line`() {
    let errors = #expect(throws: DeclarationErrors.self) {
      try DeclarationFile.parse(DeclarationSource(file: "k.yaml", directory: "/", bytes: Array("kind: Pool\nname: ".utf8) + [0xff, 0x0a]))
    }
    #expect(errors?.description == "k.yaml:2:1: found bytes that are not UTF-8; expected text in UTF-8")
  }

  @Test func `a bomb of aliases is refused`() {
    var text =
      "kind: Pipeline\nname: p\nmodel: m\ntrain: {command: [a]}\nevaluate: {command: [a], gate: [{metric: f1, above: 0}]}\nparameters:\n  a0: &a0 [x, x]\n"
    for level in 1...40 { text += "  a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    let lines = mistakes(text)
    #expect(lines.contains { $0.contains("aliases unfold to more than 100000") })
    #expect(lines.count < 100)
  }

  @Test func `deep nesting is refused and not followed`() {
    #expect(!mistakes("kind: " + String(repeating: "[", count: 100_000)).isEmpty)
    #expect(!mistakes("kind: " + String(repeating: "{a: ", count: 50_000)).isEmpty)
  }

  @Test(arguments: 0..<300)
  func `a file with any one line changed is read or refused, never worse`(seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    var lines = example.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let index = Int.random(in: 0..<lines.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: lines.remove(at: index)
    case 1: lines.insert(lines[index], at: index)
    case 2: lines[index] = String(lines[index].shuffled(using: &random))
    case 3: lines[index] = String(lines[index].prefix(Int.random(in: 0...lines[index].count, using: &random)))
    default: lines[index] = "  " + lines[index]
    }
    for line in mistakes(lines.joined(separator: "\n")) {
      #expect(line.hasPrefix("k.yaml:") && line.contains("; expected "), "seed \(seed): \(line)")
    }
  }
}

/// A small generator with a seed. Source: Steele, Lea and Flood (2014), SplitMix64.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
