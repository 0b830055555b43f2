internal import Profiles

/// A pair of bars for each category: its share before and now.
struct CategoryPicture {
  let distribution: ColumnDistribution
  /// More would be read by nobody; the rest is one bar.
  static let most = 10

  init(_ distribution: ColumnDistribution) { self.distribution = distribution }

  private struct Bar {
    let label: String
    let reference: Double
    let current: Double
    let isRest: Bool
  }

  private var bars: [Bar] {
    let shown = distribution.categories.prefix(CategoryPicture.most)
    let rest = distribution.categories.dropFirst(CategoryPicture.most)
    let reference = rest.reduce(distribution.otherReference) { $0 + $1.reference }
    let current = rest.reduce(distribution.otherCurrent) { $0 + $1.current }
    let bars = shown.map { Bar(label: $0.value, reference: $0.reference, current: $0.current, isRest: false) }
    return reference + current > 1e-12 ? bars + [Bar(label: "all others", reference: reference, current: current, isRest: true)] : bars
  }

  func svg(id: String, title: String, description: String) -> Markup {
    let bars = bars
    let scale = Scale(0, bars.map { max($0.reference, $0.current) }.max() ?? 1, from: 0, to: 180)
    var body: Markup = ""
    for (row, bar) in bars.enumerated() {
      let y = Double(row) * 26 + 4
      let style: Markup = bar.isRest ? " class=\"rest\"" : ""
      body += """
        <g\(style)><text class="name" x="112" y="\(at: y + 11)">\(CategoryPicture.short(bar.label))</text>\
        <rect class="bar ref" x="118" y="\(at: y)" width="\(at: scale(bar.reference))" height="8"/>\
        <rect class="bar cur" x="118" y="\(at: y + 9)" width="\(at: scale(bar.current))" height="8"/>\
        <text class="share" x="400" y="\(at: y + 12)">\(NumberText.percent(bar.reference)) → \(NumberText.percent(bar.current))</text></g>
        """
    }
    return Picture.svg(id: id, width: 400, height: Double(bars.count) * 26 + 4, title: title, description: description, body)
  }

  func spark() -> Markup {
    let bars = Array(bars.prefix(8))
    let scale = Scale(0, bars.map { max($0.reference, $0.current) }.max() ?? 1, from: 0, to: 27)
    let width = 120 / Double(max(4, bars.count))
    var (reference, current) = (PathData(), PathData())
    func add(_ path: inout PathData, _ x: Double, _ height: Double) {
      path.move(x, 28)
      path.vertical(28 - height)
      path.horizontal(x + width * 0.4)
      path.vertical(28)
      path.close()
    }
    for (index, bar) in bars.enumerated() {
      add(&reference, width * Double(index), scale(bar.reference))
      add(&current, width * (Double(index) + 0.42), scale(bar.current))
    }
    return """
      <svg class="spark" viewBox="0 0 120 29" aria-hidden="true"><path class="bar ref" d="\(reference)"/><path class="bar cur" d="\(current)"/></svg>
      """
  }

  /// At most sixteen letters.
  private static func short(_ label: String) -> String {
    if label.isEmpty { return "(empty)" }
    return label.count > 16 ? label.prefix(15) + "…" : label
  }
}

extension ColumnDistribution {
  /// Whether there is something to see: not where nearly every text is another.
  var isShown: Bool { edges.count > 1 || (categories.map { max($0.reference, $0.current) }.max() ?? 0) >= 0.02 }
}
