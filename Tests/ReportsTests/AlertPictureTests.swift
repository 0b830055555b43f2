import Foundation
import Reports
import Testing
import Values

@Suite struct AlertPictureTests {
  private static let end = Timestamp("2026-11-23T06:00:00Z")!
  private static func day(_ days: Double) -> Timestamp { end - .microseconds(Int64(days * 86_400e6)) }

  private static func span(_ from: Double, _ to: Double?, _ kind: AlertPicture.Span.Kind) -> AlertPicture.Span {
    AlertPicture.Span(from: day(from), to: to.map(day), kind)
  }

  static let backtest = AlertPicture.backtest(
    [
      AlertPicture.Lane(
        rule: "inputs-drifted",
        happened: [span(58, 57.5, .confirmed), span(44, 43.99, .falseAlarm), span(43.2, 43.1, .falseAlarm), span(20, 16, .confirmed), span(3, nil, .unmarked)],
        wouldHaveHappened: [span(57.8, 57.5, .confirmed), span(19.5, 16, .confirmed), span(2, nil, .unmarked)]),
      AlertPicture.Lane(rule: "risk/fraud/accuracy-is-lower-than-promised", happened: [span(30, 29, .unmarked)], wouldHaveHappened: []),
      AlertPicture.Lane(rule: "<quiet & \"calm\">", happened: [], wouldHaveHappened: []),
    ], from: day(60), to: end)

  static let thresholds = AlertPicture.thresholds(
    rule: "inputs-drifted", metric: "drift.share at least 0.2",
    values: (0..<1440).map { hour in
      let wave = 0.1 + 0.05 * sin(Double(hour) / 24 * 2 * .pi) + 0.02 * sin(Double(hour * hour))
      return (day(60 - Double(hour) / 24), (400..<430).contains(hour) ? 0.55 : (900..<905).contains(hour) ? 0.3 : wave)
    }, current: 0.2, suggested: 0.31, incidents: [span(43.3, 42, .confirmed)])

  @Test(arguments: [backtest, thresholds]) func `a picture is well-formed, and nothing lies outside of it`(picture: String) throws {
    let parser = XMLCheck(picture)
    #expect(parser.isWellFormed)
    #expect(picture.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 "))
    #expect(parser.reach <= 960, "as far as \(parser.reach)")
    for text in ["2026-09-25", "2026-11-20"] { #expect(picture.contains(text), "\(text)") }
    if let directory = ProcessInfo.processInfo.environment["KEDGE_PICTURES"] {
      let name = picture.contains("suggested") ? "thresholds" : "backtest"
      try Data(picture.utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name).svg"))
    }
  }

  @Test func `a rule without alerts says so, and names are text`() {
    #expect(Self.backtest.contains("&lt;quiet &amp;"))
    #expect(Self.backtest.components(separatedBy: ">none<").count == 1 + 3)
    #expect(AlertPicture.backtest([], from: Self.day(1), to: Self.end).contains("no rules to replay"))
    #expect(AlertPicture.thresholds(rule: "r", metric: "rows below 1", values: [], current: 1, suggested: nil, incidents: []).contains("nothing was measured"))
  }

  /// Whether text is XML, and how far right its rectangles reach.
  private final class XMLCheck {
    let isWellFormed: Bool
    let reach: Double

    init(_ text: String) {
      // Every tag that is opened is closed, in turn.
      var open: [Substring] = []
      var isFine = true
      var reach = 0.0
      for tag in text.matches(of: /<(\/?)([a-z]+)((?:\s[a-zA-Z:-]+="[^"<]*")*)\s*(\/?)>/) {
        if tag.output.1 == "/" {
          isFine = isFine && open.popLast() == tag.output.2
        } else if tag.output.4.isEmpty {
          open.append(tag.output.2)
        }
        func number(_ name: String) -> Double? {
          tag.output.3.split(separator: " ").first { $0.hasPrefix("\(name)=\"") }.flatMap { Double($0.dropFirst(name.count + 2).dropLast()) }
        }
        if tag.output.2 == "rect", let x = number("x"), let width = number("width") { reach = max(reach, x + width) }
      }
      let rest = text.replacing(/<[^>]*>/, with: "").replacing(/&(amp|lt|gt|quot|apos|#[0-9]+);/, with: "")
      isWellFormed = isFine && open.isEmpty && !rest.contains("<") && !rest.contains("&")
      self.reach = reach
    }
  }
}
