internal import Profiles

/// Quantiles of one side against those of the other: on the line where both are the same, above it where the current values are larger.
struct QuantilePicture {
  let distribution: ColumnDistribution
  private let size = 200.0

  init(_ distribution: ColumnDistribution) { self.distribution = distribution }

  func svg(id: String, title: String, description: String) -> Markup {
    let pairs = distribution.quantiles
    guard let low = pairs.map({ min($0.reference, $0.current) }).min(), let high = pairs.map({ max($0.reference, $0.current) }).max(),
      low < high, (high - low).isFinite
    else { return "" }
    let x = Scale(low, high, from: 26, to: size - 6)
    let y = Scale(low, high, from: size - 32, to: 8)
    var (line, dots) = (PathData(), PathData())
    line.move(x(low), y(low))
    line.line(x(high), y(high))
    for pair in pairs { dots.dot(x(pair.reference), y(pair.current)) }
    let body: Markup = """
      <path class="same" d="\(line)"/><path class="dots" d="\(dots)"/>\(Picture.bottomAxis(x, x.ticks(distribution.type == .datetime ? 3 : 4, distribution.type), y: size - 28))\
      <g class="below"><text class="refname" x="\(at: (x.start + x.end) / 2)" y="\(at: size - 1)">reference</text>\
      <text class="curname" transform="translate(12 \(at: (y.start + y.end) / 2)) rotate(-90)">current</text></g>
      """
    return Picture.svg(id: id, width: size, height: size, title: title, description: description, body)
  }
}
