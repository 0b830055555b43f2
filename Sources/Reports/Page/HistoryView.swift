internal import Profiles
internal import Statistics

/// What the monitor recorded before, over all columns.
struct HistoryView {
  let report: DriftReport

  init(_ report: DriftReport) { self.report = report }

  var markup: Markup {
    guard let history = report.history, !(history.inputs.isEmpty && history.qualities.isEmpty) else { return "" }
    var figures: Markup = ""
    let inputs = history.inputs.filter { $0.share != nil }
    if let first = inputs.first {
      var points = inputs.map { IntervalPicture.Point(value: $0.share ?? 0, low: $0.share ?? 0, high: $0.share ?? 0, isMarked: $0.detected) }
      let drift = report.result.drift
      points.append(.init(value: drift.share, low: drift.share, high: drift.share, isMarked: drift.detected))
      let detected = inputs.count { $0.detected }
      let picture = IntervalPicture(
        points: points, limit: report.result.drift.threshold, floor: 0, ceiling: 0.2, isShare: true, ends: (NumberText.day(first.endAt), "this comparison")
      ).svg(
        id: "history-share", title: "Share of drifted columns, window by window",
        description: "\(inputs.count) windows recorded since \(NumberText.day(first.endAt)); drift was found in \(detected) of them.")
      figures += "<figure class=\"main\"><figcaption>Share of drifted columns; full points: drift was found</figcaption>\(picture)</figure>"
    }
    if let first = history.qualities.first, let last = history.qualities.last {
      let isShare = history.metric == .accuracy
      let picture = IntervalPicture(
        points: history.qualities.map { .init(value: $0.estimate.value, low: $0.estimate.low, high: $0.estimate.high, isMarked: true) },
        band: report.model?.quality.flatMap { $0.metric == history.metric ? $0.reference : nil }, isShare: isShare,
        ends: (NumberText.day(first.endAt), NumberText.day(last.endAt))
      ).svg(
        id: "history-quality", title: "\(NumberText.name(history.metric)), window by window",
        description: "From \(NumberText.value(first.estimate.value)) to \(NumberText.value(last.estimate.value)) over \(history.qualities.count) windows.")
      figures += "<figure class=\"main\"><figcaption>\(NumberText.name(history.metric)) with its 95 % interval</figcaption>\(picture)</figure>"
    }
    return "<section><h2>What the monitor recorded</h2><div class=\"grid\">\(figures)</div></section>"
  }
}
