internal import Profiles
internal import Statistics

/// A number window by window, each with its interval where there is one.
struct IntervalPicture {
  struct Point {
    let value: Double
    let low: Double
    let high: Double
    /// Drawn full: drifted, or what stands out.
    var isMarked = false
  }

  let points: [Point]
  /// What the points are measured against, drawn as a band or a line.
  var band: Estimate?
  /// A line at a limit.
  var limit: Double?
  /// The bottom of the axis; nil: where the lowest interval ends.
  var floor: Double?
  /// The least that the axis reaches up to.
  var ceiling: Double?
  let isShare: Bool
  /// Of the first and the last window.
  let ends: (String, String)

  func svg(id: String, title: String, description: String) -> Markup {
    let (width, base) = (400.0, 128.0)
    let all = points.flatMap { [$0.low, $0.high] } + [band?.low, band?.high, limit, ceiling].compactMap { $0 }
    guard let lowest = all.min(), let highest = all.max(), !points.isEmpty else { return "" }
    let margin = max((highest - lowest) * 0.08, abs(highest) * 1e-3, 1e-12)
    let bottom = floor ?? (isShare ? max(0, lowest - margin) : lowest - margin)
    let y = Scale(bottom, isShare ? min(1, highest + margin) : highest + margin, from: base, to: 16)
    let x = Scale(0, Double(max(1, points.count - 1)), from: 46, to: width - 14)
    let ticks = y.ticks(4).map { Scale.Tick(value: $0.value, label: isShare ? NumberText.percent($0.value) : $0.label) }
    var body = Picture.levels(y, ticks, from: 0, to: width - 4)
    if let band {
      body += """
        <rect class="band" x="36" y="\(at: y(band.high))" width="\(at: width - 40)" height="\(at: max(1, y(band.low) - y(band.high)))"/>
        """
    }
    if let limit, limit > bottom {
      var line = PathData()
      line.move(36, y(limit))
      line.horizontal(width - 4)
      body += "<path class=\"limit\" d=\"\(line)\"/>"
    }
    var (course, whiskers, hollow, full) = (PathData(), PathData(), PathData(), PathData())
    for (index, point) in points.enumerated() {
      let place = x(Double(index))
      if index == 0 { course.move(place, y(point.value)) } else { course.line(place, y(point.value)) }
      if point.high > point.low {
        whiskers.move(place, y(point.low))
        whiskers.vertical(y(point.high))
      }
      if point.isMarked { full.dot(place, y(point.value)) } else { hollow.dot(place, y(point.value)) }
    }
    body += "<path class=\"course\" d=\"\(course)\"/><path class=\"whiskers\" d=\"\(whiskers)\"/>"
    body += "<path class=\"points\" d=\"\(hollow)\"/><path class=\"points hollow\" d=\"\(hollow)\"/><path class=\"points\" d=\"\(full)\"/>"
    body += "<g class=\"below\"><text x=\"36\" y=\"\(at: base + 16)\" text-anchor=\"start\">\(ends.0)</text>"
    if points.count > 1 { body += "<text x=\"\(at: width - 4)\" y=\"\(at: base + 16)\" text-anchor=\"end\">\(ends.1)</text>" }
    body += "</g>"
    return Picture.svg(id: id, width: width, height: base + 20, title: title, description: description, body)
  }
}
