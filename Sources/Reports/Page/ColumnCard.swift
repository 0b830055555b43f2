internal import Profiles
internal import Statistics

/// Everything about one column.
struct ColumnCard {
  let column: ColumnResult
  let distribution: ColumnDistribution?
  let report: DriftReport
  let id: String

  /// - Parameter id: unique on the page; never made of data.
  init(_ column: ColumnResult, _ distribution: ColumnDistribution?, _ report: DriftReport, id: String) {
    self.column = column
    self.distribution = distribution
    self.report = report
    self.id = id
  }

  func markup(_ position: Int) -> Markup {
    let quality = Words.quality(column)
    let bad: Markup = quality.isEmpty ? "" : "<p class=\"bad\">\(Words.sentence(quality))</p>"
    let test: Markup = Words.test(column).map { "<p class=\"test\">\($0)</p>" } ?? ""
    let also = column.also.map { also -> Markup in
      let value = also.reason ?? also.statistic.map { NumberText.value($0) } ?? "–"
      return "<p class=\"test\">Also \(Words.name(of: also.test)): \(value)\(also.pValue.map { ", p \(NumberText.pValue($0))" } ?? "").</p>"
    }
    return """
      <article id="\(id)" data-i="\(position)">
      <h3><bdi>\(column.name)</bdi> <small>\(column.type.rawValue)</small></h3>
      <p class="sentence \(column.verdict.rawValue)">\(Words.verdict(column, distribution, report.options))</p>\(bad)
      <div class="body">\(pictures)\(statistics)\(history)</div>
      \(test)\(also)
      </article>

      """
  }

  private var pictures: Markup {
    guard let distribution, distribution.isShown else { return "" }
    var markup: Markup = ""
    let description = Words.description(column, distribution)
    if !distribution.categories.isEmpty {
      let bars = CategoryPicture(distribution).svg(id: "\(id)-s", title: "Categories of \(column.name)", description: description)
      markup += "<figure class=\"main\">\(bars)</figure>"
    } else {
      let main = DistributionPicture(distribution).svg(id: "\(id)-h", title: "Distribution of \(column.name)", description: description)
      let quantiles = QuantilePicture(distribution).svg(
        id: "\(id)-q", title: "Quantiles of \(column.name)", description: "Current quantiles against the reference's, from 1 % to 99 %.")
      markup += "<figure class=\"main\">\(main)</figure>"
      if !quantiles.text.isEmpty { markup += "<figure class=\"square\">\(quantiles)</figure>" }
    }
    return markup
  }

  /// How much had moved window by window, this comparison last.
  private var history: Markup {
    let windows = (report.history?.inputs ?? []).compactMap { window in window.columns[column.name].map { (window.endAt, $0) } }.filter { $0.1.effect != nil }
    guard let first = windows.first else { return "" }
    var points = windows.map { IntervalPicture.Point(value: $1.effect ?? 0, low: $1.effect ?? 0, high: $1.effect ?? 0, isMarked: $1.drifted) }
    if let effect = column.effect { points.append(.init(value: effect, low: effect, high: effect, isMarked: column.drifted)) }
    let drifted = windows.count { $0.1.drifted }
    let picture = IntervalPicture(
      points: points, limit: report.options.minimumEffect, floor: 0, ceiling: 0.2, isShare: true, ends: (NumberText.day(first.0), "this comparison")
    ).svg(
      id: "\(id)-w", title: "Moved, window by window: \(column.name)",
      description: "\(windows.count) windows recorded by the monitor since \(NumberText.day(first.0)); in \(drifted) of them the column had drifted.")
    return "<figure class=\"main\"><figcaption>Moved, window by window; full points drifted</figcaption>\(picture)</figure>"
  }

  private var statistics: Markup {
    let (a, b) = (column.reference, column.current)
    guard a != nil || b != nil else { return "" }
    var rows: [Markup] = []
    let hasChanges = column.type == .numeric && a?.mean != nil && b?.mean != nil
    func row(_ name: String, _ before: String?, _ now: String?, _ change: String = "") {
      guard before != nil || now != nil else { return }
      let last: Markup = hasChanges ? "<td class=\"change\">\(change)</td>" : ""
      rows.append("<tr><th scope=\"row\">\(name)</th><td>\(before ?? "–")</td><td>\(now ?? "–")</td>\(last)</tr>")
    }
    func number(_ name: String, _ before: Double?, _ now: Double?) {
      func text(_ value: Double?) -> String? { value.map { column.type == .datetime ? NumberText.minute($0) : NumberText.value($0) } }
      let isSpan = column.type == .datetime && name == "std"
      if isSpan { return row(name, before.map(NumberText.span), now.map(NumberText.span)) }
      guard let before, let now, column.type != .datetime else { return row(name, text(before), text(now)) }
      let (first, second) = NumberText.pair(before, now)
      row(name, first, second, now == before ? "=" : (now > before ? "+" : "") + NumberText.value(now - before))
    }
    row("count", a.map { NumberText.grouped($0.count) }, b.map { NumberText.grouped($0.count) })
    row("missing", a.map { NumberText.share($0.missing, of: $0.count + $0.missing) }, b.map { NumberText.share($0.missing, of: $0.count + $0.missing) })
    if column.quality.infiniteReference + column.quality.infiniteCurrent > 0 {
      row("infinite", NumberText.grouped(column.quality.infiniteReference), NumberText.grouped(column.quality.infiniteCurrent))
    }
    row("distinct", a?.distinct.map { NumberText.grouped($0) }, b?.distinct.map { NumberText.grouped($0) })
    if let share = column.quality.newCategoryShare { row("new categories", nil, NumberText.percent(share)) }
    number("mean", a?.mean, b?.mean)
    number("std", a?.std, b?.std)
    number("min", a?.min, b?.min)
    for share in ColumnSummary.quantileShares {
      let name = share == 0.5 ? "median" : NumberText.percent(share)
      number(name, a?.quantiles.first { $0.at == share }?.value, b?.quantiles.first { $0.at == share }?.value)
    }
    number("max", a?.max, b?.max)
    return """
      <table class="figures"><thead><tr><td></td><th scope="col"><i class="swatch ref"></i>reference</th>\
      <th scope="col"><i class="swatch cur"></i>current</th>\(hasChanges ? "<th scope=\"col\">change</th>" as Markup : "")</tr></thead><tbody>\(rows)</tbody></table>
      """
  }
}
