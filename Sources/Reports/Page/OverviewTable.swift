internal import Profiles

/// All columns at a glance, one row each, the worst first.
struct OverviewTable {
  let columns: [ColumnResult]
  let pictures: [String: ColumnDistribution]

  init(_ columns: [ColumnResult], _ pictures: [String: ColumnDistribution]) {
    self.columns = columns
    self.pictures = pictures
  }

  /// Evidently's distances have none.
  private var hasPValues: Bool { columns.contains { $0.pValue != nil } }

  /// - Parameter cards: how many of the columns have a card to link to.
  func markup(cards: Int) -> Markup {
    let verdicts = Markup.options(Array(Set(columns.map(\.verdict.rawValue))).sorted())
    let types = Markup.options(Array(Set(columns.map(\.type.rawValue))).sorted())
    let rows = columns.enumerated().map { row($1, $0, hasCard: $0 < cards) }
    return """
      <form id="tools" role="search" hidden>
      <label>Search <input id="search" type="search" autocomplete="off" placeholder="column or change"></label>
      <label>Verdict <select id="verdict"><option value="">all</option>\(verdicts)<option value="!">with bad values</option></select></label>
      <label>Type <select id="type"><option value="">all</option>\(types)</select></label>
      <output id="count" aria-live="polite"></output>
      </form>
      <div class="scroll"><table id="overview">
      <caption>The worst first.</caption>
      <thead><tr><th scope="col" data-sort="text">Column</th><th scope="col">Before and now</th><th scope="col" data-sort="text">Verdict</th>\
      <th scope="col" class="n" data-sort="down">Moved</th><th scope="col" class="n wide" data-sort="up">\(hasPValues ? "p" : "Score")</th><th scope="col" class="wide change">What changed</th>\
      <th scope="col" class="n wide" data-sort="down">Missing</th></tr></thead>
      <tbody>
      \(rows)
      </tbody></table></div>
      <p id="none" class="note" hidden>No column fits the search.</p>
      """
  }

  private func row(_ column: ColumnResult, _ position: Int, hasCard: Bool) -> Markup {
    let distribution = pictures[column.name]
    let short = column.name.count > 80 ? column.name.prefix(79) + "…" : column.name
    let name: Markup = hasCard ? "<a href=\"#c\(position)\"><bdi>\(short)</bdi></a>" : "<bdi>\(short)</bdi>"
    let p = column.pAdjusted ?? column.pValue
    let shown = p.map { NumberText.pValue($0) } ?? column.score.map { (hasPValues ? "score " : "") + NumberText.value($0) } ?? "–"
    let effect: Markup = column.effect.map { "\(NumberText.percent($0))\(OverviewTable.bar($0))" } ?? "–"
    let missing = column.current == nil ? "–" : NumberText.percent(column.quality.missingCurrent)
    let bad: Markup = column.quality.findings.isEmpty ? "" : " <abbr class=\"bad\" title=\"\(Words.quality(column).joined(separator: "; "))\">values</abbr>"
    return """
      <tr data-i="\(position)" data-verdict="\(column.verdict.rawValue)" data-type="\(column.type.rawValue)" data-bad="\(column.quality.findings.count)">\
      <th scope="row">\(name) <small>\(column.type.rawValue)</small></th><td class="pic">\(distribution.flatMap { $0.isShown ? DistributionPicture($0).spark() : nil } ?? "")</td>\
      <td><span class="verdict \(column.verdict.rawValue)">\(column.verdict.rawValue)</span>\(bad)</td>\
      <td class="n" data-v="\(Markup.number(column.effect))">\(effect)</td><td class="n wide" data-v="\(Markup.number(p ?? column.score))">\(shown)</td>\
      <td class="wide change">\(Words.change(column, distribution))</td>\
      <td class="n wide" data-v="\(Markup.number(column.current == nil ? nil : column.quality.missingCurrent))">\(missing)</td></tr>

      """
  }

  private static func bar(_ share: Double) -> Markup {
    let width = min(1, max(0, share)) * 50
    return "<svg class=\"effect\" viewBox=\"0 0 50 4\" aria-hidden=\"true\"><rect x=\"\(at: 50 - width)\" width=\"\(at: width)\" height=\"4\"/></svg>"
  }
}

extension Markup {
  /// The choices of a list.
  fileprivate static func options(_ words: [String]) -> [Markup] { words.map { "<option>\($0)</option>" } }

  /// What a script sorts by; nothing where there is nothing.
  fileprivate static func number(_ value: Double?) -> String { value.map { $0.description } ?? "" }
}
