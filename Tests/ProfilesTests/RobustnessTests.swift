import Foundation
import Profiles
import Statistics
import Testing
import Values

/// Whatever the bytes, a reader answers with a table or with an error that names the source.
@Suite struct RobustnessTests {
  private func bytes(_ count: Int, _ alphabet: [[UInt8]], _ random: inout RandomSource) -> [UInt8] {
    (0..<count).flatMap { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
  }

  private func check(_ bytes: [UInt8], _ source: String, _ seed: UInt64) {
    do throws(TableError) {
      let table = try TableReader().read(bytes: bytes, source: source)
      #expect(table.columns.allSatisfy { $0.count == table.rowCount }, "seed \(seed)")
      let profile = TableProfile(table)
      #expect(profile.columns.allSatisfy { $0.rows == table.rowCount }, "seed \(seed)")
      do throws(TableError) {
        _ = try Comparison.run(reference: table, current: table)
      } catch {
        #expect(error.description.hasPrefix(source), "seed \(seed): \(error)")
      }
    } catch {
      #expect(error.description.hasPrefix(source), "seed \(seed): \(error)")
    }
  }

  @Test(arguments: UInt64(1)...300)
  func `random comma-separated bytes never crash the reader`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let alphabet =
      [",", "\"", "\n", "\r\n", "\r", "1", "9.5", "-", "1e5", "a", " ", "\"\"", "é", "NaN", "inf", "2026-01-01"].map { Array($0.utf8) } + [[0xff], [0]]
    check(Array("a,b,c\n".utf8) + bytes(Int(seed) % 120, alphabet, &random), "x.csv", seed)
    check(bytes(Int(seed) % 60, alphabet, &random), "x.csv", seed)
    // Well-formed rows with one cell replaced.
    let cells = (0..<60).map { _ in String(decoding: alphabet[Int.random(in: 5..<alphabet.count, using: &random)], as: UTF8.self) }
    let rows = (0..<20).map { "\(cells[$0 * 3]),\(cells[$0 * 3 + 1]),\(cells[$0 * 3 + 2])\n" }.joined()
    check(Array("a,b,c\n\(rows)".utf8), "x.csv", seed)
  }

  @Test(arguments: UInt64(1)...300)
  func `random JSON Lines never crash the reader`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let alphabet =
      ["{", "}", "\"a\"", "\"b\"", ":", ",", "1", "-2.5e3", "true", "null", "\n", " ", "\\u00e9", "\"x\\n\"", "[", "\\"].map { Array($0.utf8) } + [[0xff]]
    check(bytes(Int(seed) % 80, alphabet, &random), "x.jsonl", seed)
    check(Array("{\"a\":1}\n{\"a\":".utf8) + bytes(Int(seed) % 20, alphabet, &random), "x.jsonl", seed)
  }

  @Test(arguments: [
    ("\"rows\":50", "\"rows\":-9223372036854775808"), ("\"rows\":50", "\"rows\":9223372036854775807"), ("\"missing\":0", "\"missing\":51"),
    ("\"capacity\":1024", "\"capacity\":0"), ("\"capacity\":1024", "\"capacity\":-1"), ("\"capacity\":1024", "\"capacity\":9223372036854775807"),
    ("\"count\":50", "\"count\":9223372036854775807"), ("\"total\":50", "\"total\":9223372036854775807"), ("\"v0\":17", "\"v0\":9223372036854775807"),
    ("\"levels\":[[", "\"levels\":[[],["),
  ])
  func `counts that are none are refused, and never added`(sound: String, changed: String) throws {
    let whole = try TableProfile(GoldenFiles.parse("x,c\n" + (0..<50).map { "\($0).5,v\($0 % 3)\n" }.joined())).json().text(.compact)
    #expect(whole.contains(sound), "\(whole)")
    let json = try JSON(parsing: whole.replacingOccurrences(of: sound, with: changed))
    let error = #expect(throws: TableError.self) { try TableProfile(json: json, source: "p.json") }
    #expect(error?.problem == "is damaged")
  }

  @Test func `a whylogs profile with changed bytes is taken over or refused, never a crash`() throws {
    for name in ["whylogs_breast.bin", "whylogs_large.bin"] {
      let whole = Array(try Data(contentsOf: GoldenFiles.folder.appendingPathComponent(name)))
      var random = RandomSource(seed: 3)
      for _ in 0..<400 {
        var bytes = whole
        for _ in 0..<4 { bytes[Int.random(in: 4..<bytes.count, using: &random)] = [0, 0x7f, 0x80, 0xff, 1][Int.random(in: 0..<5, using: &random)] }
        guard let read = try? WhylogsProfile(bytes, source: name).profile else { continue }
        _ = try? Comparison.run(reference: .profile(read), current: .profile(read))
      }
    }
  }

  @Test func `a damaged profile is refused, not believed`() throws {
    let whole = try TableProfile(GoldenFiles.parse("x,c\n" + (0..<50).map { "\($0).5,v\($0 % 3)\n" }.joined())).json().text(.compact)
    var random = RandomSource(seed: 1)
    for _ in 0..<200 {
      var bytes = Array(whole.utf8)
      for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 32..<127, using: &random) }
      guard let json = try? JSON(parsing: bytes) else { continue }
      do throws(TableError) {
        let profile = try TableProfile(json: json, source: "p.json")
        _ = try? Comparison.run(reference: .profile(profile), current: .profile(profile))
      } catch {
        #expect(error.description.hasPrefix("p.json"))
      }
    }
  }
}
