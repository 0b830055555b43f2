internal import Profiles
internal import Statistics

/// The predictions: how they are spread, how sure they are, how right they are.
struct ModelView {
  let report: DriftReport

  init(_ report: DriftReport) { self.report = report }

  var markup: Markup {
    guard let model = report.model else { return "" }
    let pictures = report.byName
    var figures: Markup = ""
    for (name, caption, id) in [(model.prediction, "Predictions", "model-p"), (model.probability, "Probabilities", "model-s")] {
      guard let name, let distribution = pictures[name], let column = report.result[name] else { continue }
      let description = Words.description(column, distribution)
      let picture =
        distribution.categories.isEmpty
        ? DistributionPicture(distribution).svg(id: id, title: "\(caption): \(name)", description: description)
        : CategoryPicture(distribution).svg(id: id, title: "\(caption): \(name)", description: description)
      figures += "<figure class=\"main\"><figcaption>\(caption): <bdi>\(name)</bdi>, \(column.verdict.rawValue)</figcaption>\(picture)</figure>"
    }
    if let confidence = model.confidence {
      let median = confidence.quantiles.first { $0.at == 0.5 }
      let description = median.map { "Median confidence \(NumberText.value($0.reference)) before, \(NumberText.value($0.current)) now." } ?? ""
      let picture = DistributionPicture(confidence).svg(id: "model-c", title: "Confidence: the probability of the predicted class", description: description)
      figures += "<figure class=\"main\"><figcaption>Confidence: the probability of the predicted class</figcaption>\(picture)</figure>"
    }
    if let quality = model.quality { figures += self.quality(quality) }
    let remarks = model.remarks.map { "<p class=\"note\">\($0)</p>" as Markup }
    let verdicts = model.assessment.map { AssessmentView($0).markup } ?? ""
    guard !figures.text.isEmpty || !remarks.isEmpty || !verdicts.text.isEmpty else { return "" }
    return "<section><h2>Predictions</h2>\(verdicts)\(remarks)<div class=\"grid\">\(figures)</div></section>"
  }

  private func quality(_ quality: WindowedQuality) -> Markup {
    guard let first = quality.windows.first, let last = quality.windows.last else { return "<p class=\"note\">No row has a label and a prediction.</p>" }
    let name = NumberText.name(quality.metric)
    let isShare = quality.metric == .accuracy
    func text(_ value: Double) -> String { isShare ? NumberText.percent(value) : NumberText.value(value) }
    let before = quality.reference.map { "; reference \(text($0.value)) (\(text($0.low)) to \(text($0.high))), the band" } ?? ""
    let sentences = quality.windows.map {
      "Rows \($0.firstRow) to \($0.lastRow): \(text($0.estimate.value)), \(text($0.estimate.low)) to \(text($0.estimate.high))."
    }
    let picture = IntervalPicture(
      points: quality.windows.map { .init(value: $0.estimate.value, low: $0.estimate.low, high: $0.estimate.high, isMarked: true) },
      band: quality.reference, isShare: isShare, ends: ("row \(NumberText.grouped(first.firstRow))", "row \(NumberText.grouped(last.lastRow))")
    ).svg(id: "model-q", title: "\(name), window by window", description: sentences.joined(separator: " "))
    return "<figure class=\"main\"><figcaption>\(name) with its 95 % interval, in the order of the rows\(before)</figcaption>\(picture)</figure>"
  }
}
