import Foundation
import Profiles
import Testing
import Values

@testable import Reports

/// Whether Debian's package chromium is there; `ops/setup` installs it.
private let hasBrowser = ["chromium", "chromium-browser", "google-chrome"].contains { name in
  (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
}

@Suite(.enabled(if: hasBrowser, "there is no chromium; ops/setup installs it")) struct BrowserTests {
  @Test func `a browser shows, sorts, filters and searches a report without a complaint`() throws {
    let report = try Fixtures.report(numeric: 20)
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString).html")
    try report.html.write(to: url, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: url) }
    let facts = try Browser.read(url.path)
    func names(_ key: String) -> [String] { facts[key]?.array?.compactMap(\.string) ?? [] }
    func numbers(_ key: String) -> [Double] { facts[key]?.array?.compactMap(\.double) ?? [] }

    #expect(facts["problems"] == [], "\(String(describing: facts["problems"]))")
    #expect(facts["title"]?.string == Words(report).verdict)
    #expect(facts["heading"]?.string == Words(report).verdict)
    // Control characters are replaced, white space collapses; all else is shown as it is.
    let shown = report.worstFirst.map { $0.name.replacing("\u{202E}", with: "\u{FFFD}").replacing("\u{0}", with: "\u{FFFD}") }
    #expect(names("names") == shown)
    #expect(names("cards") == shown)
    #expect(facts["handlers"] == [])
    #expect(!names("elements").contains("img"))
    #expect(facts["untold"] == 0 && facts["twice"] == 0)

    #expect(Set(names("by_name")) == Set(shown) && names("by_name") != shown)
    #expect(names("cards_by_name") == names("by_name"))
    #expect(facts["aria_sort"] == "ascending")
    #expect(numbers("moved_down") == numbers("moved_down").sorted(by: >) && numbers("moved_down").count > 20)
    #expect(numbers("moved_up") == numbers("moved_up").sorted())
    let drifted = report.result.drift.driftedColumns.count
    #expect(names("drifted") == Array(repeating: "drifted", count: drifted))
    #expect(facts["drifted_cards"]?.integer == drifted)
    #expect(facts["count"]?.string == "\(drifted) of \(shown.count) columns")
    #expect(names("found").contains("<script>alert(1)</script>"))
    #expect(facts["none"] == true)

    #expect(facts["ground"] != facts["ground_toggled"])
    #expect(facts["ground_dark"] == facts["ground_toggled"])
    #expect(facts["wide"] == 0 && facts["wide_on_a_phone"] == 0)
    #expect(facts["without_script"]?.integer == shown.count)
  }
}

/// Debian's chromium, driven by `browser.py`.
private enum Browser {
  static func read(_ path: String) throws -> JSON {
    let script = try #require(Bundle.module.path(forResource: "browser", ofType: "py"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["timeout", "--signal=KILL", "300", "python3", "-B", script, path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSON(parsing: Array(bytes))
  }
}
