internal import Profiles

/// Both sides' histograms, and the smooth curves through them, over one axis.
struct DistributionPicture {
  let distribution: ColumnDistribution
  private let width = 400.0
  private let height = 190.0
  private let base = 168.0

  init(_ distribution: ColumnDistribution) { self.distribution = distribution }

  func svg(id: String, title: String, description: String) -> Markup {
    let edges = distribution.edges
    guard let first = edges.first, let last = edges.last, edges.count > 1 else { return "" }
    let bin = (last - first) / Double(edges.count - 1)
    let densities = (distribution.referenceDensity + distribution.currentDensity).map { $0 * bin }
    let top = (distribution.reference + distribution.current + densities).max() ?? 0
    let x = Scale(first, last, from: 36, to: width - 8)
    let y = Scale(0, top > 0 ? top : 1, from: base, to: 16)
    let ticks = y.ticks(2).filter { $0.value > 0 }.prefix(2).map { Scale.Tick(value: $0.value, label: NumberText.percent($0.value)) }
    var body = Picture.levels(y, Array(ticks), from: 0, to: width - 8)
    let hasCurves = !densities.isEmpty
    body += "<path class=\"area ref\" d=\"\(steps(distribution.reference, x, y))\"/>"
    body += "<path class=\"area cur\" d=\"\(steps(distribution.current, x, y))\"/>"
    if hasCurves {
      body += "<path class=\"curve ref\" d=\"\(curve(distribution.referenceDensity, bin, x, y))\"/>"
      body += "<path class=\"curve cur\" d=\"\(curve(distribution.currentDensity, bin, x, y))\"/>"
    } else {
      body += "<path class=\"curve ref\" d=\"\(outline(distribution.reference, x, y))\"/>"
      body += "<path class=\"curve cur\" d=\"\(outline(distribution.current, x, y))\"/>"
    }
    body += Picture.bottomAxis(x, x.ticks(5, distribution.type), y: base)
    return Picture.svg(id: id, width: width, height: height, title: title, description: description, body)
  }

  /// The same, small and without words, for the table of all columns.
  func spark() -> Markup {
    guard let first = distribution.edges.first, let last = distribution.edges.last else { return CategoryPicture(distribution).spark() }
    let x = Scale(first, last, from: 0, to: 120)
    let y = Scale(0, (distribution.reference + distribution.current).max() ?? 1, from: 28, to: 1)
    return """
      <svg class="spark" viewBox="0 0 120 29" aria-hidden="true"><path class="area ref" d="\(steps(distribution.reference, x, y))"/>\
      <path class="area cur" d="\(steps(distribution.current, x, y))"/></svg>
      """
  }

  private func steps(_ shares: [Double], _ x: Scale, _ y: Scale) -> PathData {
    var path = outline(shares, x, y)
    if !path.text.isEmpty { path.close() }
    return path
  }

  /// Bins that hold nothing are left out.
  private func outline(_ shares: [Double], _ x: Scale, _ y: Scale) -> PathData {
    var path = PathData()
    guard let first = shares.firstIndex(where: { $0 > 0 }), let last = shares.lastIndex(where: { $0 > 0 }) else { return path }
    path.move(x(distribution.edges[first]), y(0))
    var level = -1.0
    for index in first...last {
      if shares[index] != level {
        if index > first { path.horizontal(x(distribution.edges[index])) }
        path.vertical(y(shares[index]))
        level = shares[index]
      }
    }
    path.horizontal(x(distribution.edges[last + 1]))
    path.vertical(y(0))
    return path
  }

  private func curve(_ density: [Double], _ bin: Double, _ x: Scale, _ y: Scale) -> PathData {
    var path = PathData()
    // Where a side has no values it has no curve.
    guard let first = density.firstIndex(where: { $0 > 0 }), let last = density.lastIndex(where: { $0 > 0 }) else { return path }
    for index in first...last {
      let place = x.start + (x.end - x.start) * Double(index) / Double(density.count - 1)
      if index == first { path.move(place, y(density[index] * bin)) } else { path.line(place, y(density[index] * bin)) }
    }
    return path
  }
}
