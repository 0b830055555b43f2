/// The frame of every picture: a box that scales with the page, and what it shows in words.
enum Picture {
  /// - Parameters:
  ///   - id: unique on the page; never made of data.
  ///   - title: what it is.
  ///   - description: what it shows, for those who cannot see it.
  static func svg(id: String, width: Double, height: Double, title: String, description: String, _ body: Markup) -> Markup {
    """
    <svg class="plot" viewBox="0 0 \(at: width) \(at: height)" role="img" aria-labelledby="\(id)-t \(id)-d"><title id="\(id)-t">\(title)</title>\
    <desc id="\(id)-d">\(description)</desc>\(body)</svg>
    """
  }

  /// Labels below a line along the bottom; those at the ends stay inside, and none touches another.
  static func bottomAxis(_ scale: Scale, _ ticks: [Scale.Tick], y: Double) -> Markup {
    var marks = PathData()
    marks.move(scale.start, y)
    marks.horizontal(scale.end)
    var labels: Markup = ""
    var taken = -Double.infinity
    for tick in ticks {
      let x = scale(tick.value)
      marks.move(x, y)
      marks.vertical(y + 4)
      // Letters are about six and a half units wide.
      let half = Double(tick.label.count) * 3.3
      let anchor: Markup = x - half < scale.start - 6 ? " text-anchor=\"start\"" : x + half > scale.end + 6 ? " text-anchor=\"end\"" : ""
      let place = x - half < scale.start - 6 ? scale.start - 6 : x + half > scale.end + 6 ? scale.end + 6 : x
      let left = x - half < scale.start - 6 ? place : x + half > scale.end + 6 ? place - 2 * half : x - half
      // Where labels would touch, the first one stays.
      guard left >= taken + 6 else { continue }
      taken = left + 2 * half
      labels += "<text x=\"\(at: place)\" y=\"\(at: y + 15)\"\(anchor)>\(tick.label)</text>"
    }
    return "<path class=\"axis\" d=\"\(marks)\"/><g class=\"below\">\(labels)</g>"
  }

  /// Left of the lines across, for their labels.
  static let margin = 36.0

  /// Faint lines across, labelled in the margin at the left.
  static func levels(_ scale: Scale, _ ticks: [Scale.Tick], from left: Double, to right: Double) -> Markup {
    var lines = PathData()
    var labels: Markup = ""
    for tick in ticks {
      let y = scale(tick.value)
      lines.move(left + margin, y)
      lines.horizontal(right)
      labels += "<text x=\"\(at: left + margin - 4)\" y=\"\(at: y + 4)\">\(tick.label)</text>"
    }
    return "<path class=\"level\" d=\"\(lines)\"/><g class=\"levels\">\(labels)</g>"
  }
}
