import Foundation
import Profiles
import Statistics
import Testing
import Values

/// Profiles and reports of other programs. `whylogs_*.bin` were written by whylogs 1.6.4: the first with two columns of `breast_reference.csv` and three
/// made up, the second with 20 000 rows of i % 1000 / 10.
@Suite struct ImportTests {
  private func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: GoldenFiles.folder.appendingPathComponent(name))) }

  @Test func `a whylogs profile is one of ours, with the numbers that whylogs gives`() throws {
    let found = try WhylogsProfile(try bytes("whylogs_breast.bin"), source: "w.bin")
    #expect(found.datasetAt == Timestamp("2026-11-01T00:00:00Z"))
    #expect(found.profile.rows == 200)
    #expect(found.profile.columns.map(\.name) == ["flag", "mean area", "mean radius", "target", "word"])
    #expect(found.profile.columns.map(\.type) == [.boolean, .numeric, .numeric, .categorical, .categorical])
    let area = try #require(found.profile["mean area"])
    #expect(area.rows == 200 && area.missing == 10)
    #expect(isClose(area.moments.mean, 644.6368421052632) && isClose(area.moments.standardDeviation, 328.41411142423146))
    #expect(area.moments.min == 143.5 && area.moments.max == 1878)
    #expect(abs((area.quantiles.quantile(0.5) ?? 0) - 558.1) < 1)
    #expect(try #require(found.profile["word"]).frequent?.counts == ["a": 120, "b": 60])
    #expect(try #require(found.profile["target"]).frequent?.counts == ["1": 129, "0": 71])
  }

  @Test func `compared with the file that it was made of, a whylogs profile shows no drift, and with another drift`() throws {
    let profile = try WhylogsProfile(try bytes("whylogs_breast.bin"), source: "w.bin").profile
    func drifted(_ file: String) throws -> [String] {
      let table = try GoldenFiles.table(file)
      let kept = DataTable(
        source: file, rowCount: table.rowCount, columns: table.columns.filter { ["mean radius", "mean area"].contains($0.name) })
      return try Comparison.run(reference: .table(kept), current: .profile(profile)).drift.driftedColumns
    }
    #expect(try drifted("breast_reference.csv") == [])
    #expect(try drifted("breast_current.csv").contains("mean radius"))
  }

  @Test func `a whylogs sketch of many values keeps its ranks`() throws {
    let column = try #require(try WhylogsProfile(try bytes("whylogs_large.bin"), source: "w.bin").profile["x"])
    #expect(column.rows == 20_000 && column.quantiles.count == 20_000)
    for share in [0.05, 0.25, 0.5, 0.75, 0.95] {
      #expect(abs((column.quantiles.quantile(share) ?? -1) - share * 100) < 1.5, "\(share)")
    }
  }

  @Test func `a whylogs profile that was cut anywhere is an error, never a crash`() throws {
    let whole = try bytes("whylogs_breast.bin")
    for length in stride(from: 0, to: whole.count - 1, by: 97) {
      #expect(throws: TableError.self, "\(length)") { try WhylogsProfile(Array(whole[..<length]), source: "w.bin") }
    }
    var random = RandomSource(seed: 7)
    for _ in 0..<300 {
      var damaged = whole
      damaged[Int(random.uniform() * Double(damaged.count))] = UInt8(random.uniform() * 256)
      _ = try? WhylogsProfile(damaged, source: "w.bin")
    }
  }

  @Test func `a pinned reference is what it was made of: windows get the same verdicts, from its bytes and from the file`() throws {
    let columns = ModelReference.Columns(prediction: nil, probability: nil, label: "target", excluded: [])
    let (reference, current) = (try GoldenFiles.table("breast_reference.csv"), try GoldenFiles.table("breast_current.csv"))
    let model = try ModelReference(reference, task: .classification, columns: columns)
    let pinned = try PinnedReference(reference, model: model, group: nil)
    let bytes = try pinned.packed()
    #expect(try pinned.packed() == bytes, "the same reference gives the same bytes")
    let read = try PinnedReference(packed: bytes, source: "m")
    #expect(read.whole.rows == pinned.whole.rows && read.model == model)
    var options = ComparisonOptions()
    #expect(read.covers(options))
    let byFile = try Comparison.run(reference: reference, current: current, options: options)
    let byPin = try Comparison.run(reference: MonitorReference(read, group: nil, options: options).whole, current: current)
    for (one, other) in zip(byFile.columns, byPin.columns) {
      #expect(one.verdict == other.verdict && isClose(one.statistic, other.statistic) && isClose(one.pValue, other.pValue, 1e-6), "\(one.name)")
    }
    var words = try GoldenFiles.parse("id,x\n" + (0..<9000).map { "id-\($0),\($0 % 700)\n" }.joined())
    #expect(!(try PinnedReference(words, model: model, group: nil).covers(options)), "of so many texts not all are kept")
    #expect(try PinnedReference(words, model: model, group: nil, excluding: ["id"]).covers(options))
    words = try GoldenFiles.parse("id,x\n" + (0..<3000).map { "id-\($0),\($0 % 700)\n" }.joined())
    #expect(try PinnedReference(words, model: model, group: nil).covers(options))
    options.choice = .test(.own(.mmd))
    #expect(!read.covers(options), "a test of all columns together needs the rows")
    #expect(throws: TableError.self) { try PinnedReference(packed: Array(bytes.dropLast(20)), source: "m") }
  }

  @Test func `a profile is smaller packed, and compared as it is`() throws {
    let profile = TableProfile(try GoldenFiles.table("breast_reference.csv"))
    let path = NSTemporaryDirectory() + "kedge-profile-\(UUID().uuidString).json.gz"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let packed = try profile.packed()
    try Data(packed).write(to: URL(fileURLWithPath: path))
    #expect(packed.count * 2 < (try profile.json().description.utf8.count))
    #expect(try TableProfile.read(path: path) == profile)
  }
}
