internal import Profiles
public import Values

/// Pictures of alerts, each a file of its own: which were raised and which would be, and what thresholds mean.
public enum AlertPicture {
  /// A stretch of time in which an alert fired.
  public struct Span: Sendable {
    /// When it was raised.
    public let from: Timestamp
    /// Nil while it fires.
    public let to: Timestamp?
    /// Its colour in the picture.
    public let kind: Kind

    /// What people said of it.
    public enum Kind: String, Sendable {
      case confirmed, unmarked
      case falseAlarm = "false"
    }

    /// Takes the values as they are.
    public init(from: Timestamp, to: Timestamp?, _ kind: Kind) { (self.from, self.to, self.kind) = (from, to, kind) }
  }

  /// A rule with what it raised and would raise.
  public struct Lane: Sendable {
    /// Its name.
    public let rule: String
    /// The alerts that it raised.
    public let happened: [Span]
    /// The alerts that it would have raised.
    public let wouldHaveHappened: [Span]

    /// Takes the values as they are.
    public init(rule: String, happened: [Span], wouldHaveHappened: [Span]) {
      (self.rule, self.happened, self.wouldHaveHappened) = (rule, happened, wouldHaveHappened)
    }
  }

  private static let width = 960.0
  private static let style = Markup(
    trusted: """
      <style>text{font:12px system-ui,sans-serif;fill:#334155}.title{font-weight:600;font-size:15px;fill:#0f172a}.axis{stroke:#94a3b8;fill:none}\
      .level{stroke:#e2e8f0;fill:none}.levels text{text-anchor:end}.below text{text-anchor:middle}.below text[text-anchor=start]{text-anchor:start}\
      .below text[text-anchor=end]{text-anchor:end}.lane{fill:#f1f5f9}.confirmed{fill:#15803d}.unmarked{fill:#d97706}.false{fill:#94a3b8}\
      .series{stroke:#2563eb;fill:none;stroke-width:1}.now{stroke:#b91c1c;stroke-width:1.5;stroke-dasharray:6 4}.then{stroke:#15803d;stroke-width:1.5}\
      .band{fill:#fde68a;opacity:.6}.name{text-anchor:end}.small{font-size:11px;fill:#64748b}.nowtext,.thentext{paint-order:stroke;stroke:#fff;stroke-width:3px}\
      .nowtext{fill:#b91c1c}.thentext{fill:#15803d}</style>
      """)

  /// What was raised above what would be raised, rule by rule.
  public static func backtest(_ lanes: [Lane], from start: Timestamp, to end: Timestamp) -> String {
    guard !lanes.isEmpty else { return frame(height: 80, title: "There are no rules to replay", "") }
    let (left, top) = (250.0, 66.0)
    let scale = Scale(seconds(start), seconds(end), from: left, to: width - 20)
    let bottom = top + Double(lanes.count) * 58
    let days = scale.days(atMost: 8)
    var body: Markup = ""
    for (index, lane) in lanes.enumerated() {
      let y = top + Double(index) * 58
      body += "<text class=\"name\" x=\"\(at: left - 66)\" y=\"\(at: y + 24)\">\(short(lane.rule))<title>\(lane.rule)</title></text>"
      for (row, (word, spans)) in [("was", lane.happened), ("would be", lane.wouldHaveHappened)].enumerated() {
        let y = y + Double(row) * 22
        body += "<text class=\"name small\" x=\"\(at: left - 8)\" y=\"\(at: y + 13)\">\(word)</text>"
        body += "<rect class=\"lane\" x=\"\(at: left)\" y=\"\(at: y)\" width=\"\(at: width - 20 - left)\" height=\"18\"/>"
        if spans.isEmpty { body += "<text class=\"small\" x=\"\(at: left + 6)\" y=\"\(at: y + 13)\">none</text>" }
        for span in spans {
          // However short, it is seen, and inside.
          let from = min(scale(seconds(span.from)), width - 23)
          let to = max(scale(seconds(span.to ?? end)), from + 3)
          body += "<rect class=\"\(Markup(trusted: span.kind.rawValue))\" x=\"\(at: from)\" y=\"\(at: y + 1)\" width=\"\(at: to - from)\" height=\"16\">"
          body += "<title>\(NumberText.time(seconds(span.from))) to \(span.to.map { NumberText.time(seconds($0)) } ?? "now")</title></rect>"
        }
      }
    }
    var lines = PathData()
    for day in days {
      lines.move(scale(day.value), top - 4)
      lines.vertical(bottom - 10)
    }
    body = "<path class=\"level\" d=\"\(lines)\"/>\(body)"
    body += Picture.bottomAxis(scale, days.count > 1 ? days : scale.ticks(4, .datetime), y: bottom - 8)
    body += legend([
      ("confirmed", "at an incident that people confirmed"), ("false", "at what they called a false alarm"), ("unmarked", "nobody said anything"),
    ])
    return frame(height: bottom + 22, title: "Alerts that were raised, and that would be", body)
  }

  /// A metric with the threshold there is and the one that is suggested.
  /// - Parameters:
  ///   - values: in the order of their times.
  ///   - lines: are drawn only where the threshold is held against the value itself.
  public static func thresholds(
    rule: String, metric: String, values: [(at: Timestamp, value: Double)], current: Double, suggested: Double?, incidents: [Span]
  ) -> String {
    guard let first = values.first?.at, let last = values.last?.at else { return frame(height: 80, title: "\(rule): nothing was measured", "") }
    let marks = [current, suggested].compactMap { $0 }
    let (low, high) = ((values.map(\.value) + marks).min() ?? 0, (values.map(\.value) + marks).max() ?? 1)
    let margin = max((high - low) * 0.05, 1e-9)
    let x = Scale(seconds(first), seconds(last), from: 20 + Picture.margin, to: width - 20)
    let y = Scale(low - margin, high + margin, from: 300, to: 62)
    var body = Picture.levels(y, y.ticks(5), from: 20, to: width - 20)
    for incident in incidents where incident.from <= last && incident.to ?? last >= first {
      let from = min(x(seconds(incident.from)), width - 23)
      let to = max(x(seconds(incident.to ?? last)), from + 3)
      body += "<rect class=\"band\" x=\"\(at: from)\" y=\"62\" width=\"\(at: to - from)\" height=\"238\"/>"
    }
    var path = PathData()
    for (index, point) in values.enumerated() {
      if index == 0 { path.move(x(seconds(point.at)), y(point.value)) } else { path.line(x(seconds(point.at)), y(point.value)) }
    }
    body += "<path class=\"series\" d=\"\(path)\"/>"
    func line(_ value: Double, _ kind: Markup, _ label: String, above: Bool) -> Markup {
      """
      <line class="\(kind)" x1="\(at: 20 + Picture.margin)" x2="\(at: width - 20)" y1="\(at: y(value))" y2="\(at: y(value))"/>\
      <text class="\(kind)text" x="\(at: width - 24)" y="\(at: y(value) + (above ? -5 : 14))" text-anchor="end">\(label)</text>
      """
    }
    body += line(current, "now", "declared: \(NumberText.value(current))", above: suggested.map { current >= $0 } ?? true)
    if let suggested, suggested != current { body += line(suggested, "then", "suggested: \(NumberText.value(suggested))", above: suggested > current) }
    let days = x.days(atMost: 9)
    body += Picture.bottomAxis(x, days.count > 1 ? days : x.ticks(4, .datetime), y: 300)
    return frame(height: 334, title: "\(rule): \(metric)", body + legend([("band", "incidents that people confirmed")]))
  }

  private static func legend(_ entries: [(kind: String, text: String)]) -> Markup {
    var legend: Markup = ""
    var x = 20.0
    for (kind, text) in entries {
      legend +=
        "<rect class=\"\(Markup(trusted: kind))\" x=\"\(at: x)\" y=\"38\" width=\"12\" height=\"12\"/><text class=\"small\" x=\"\(at: x + 17)\" y=\"48\">\(text)</text>"
      x += 40 + Double(text.count) * 6
    }
    return legend
  }

  private static func frame(height: Double, title: String, _ body: Markup) -> String {
    let markup: Markup = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(at: width) \(at: height)" width="\(at: width)" height="\(at: height)" role="img">\
      <title>\(title)</title>\(style)<rect width="100%" height="100%" fill="#fff"/><text class="title" x="20" y="24">\(title)</text>\(body)</svg>
      """
    return markup.text + "\n"
  }

  private static func short(_ name: String) -> String { name.count > 26 ? name.prefix(25) + "…" : name }

  private static func seconds(_ time: Timestamp) -> Double { Double(time.microseconds) / 1e6 }
}

extension Markup {
  fileprivate static func + (left: Markup, right: Markup) -> Markup { "\(left)\(right)" }
}
