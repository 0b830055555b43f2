internal import Crypto
internal import Foundation
internal import Profiles
internal import Statistics

/// The page as a whole. Its policy lets nothing run or load but its own script and style, by their checksums: what a file's cells smuggle in stays text.
struct ReportPage {
  let text: String

  /// Of more columns than this only the worst have pictures of their own; the table has all.
  static let mostCards = 200

  init(_ report: DriftReport) {
    let words = Words(report)
    let ordered = report.worstFirst
    let pictures = report.byName
    let cards = ordered.prefix(ReportPage.mostCards).enumerated().map { position, column in
      ColumnCard(column, pictures[column.name], report, id: "c\(position)").markup(position)
    }
    let details = words.details.map { "<p>\($0)</p>" as Markup }
    let findings = words.findings.map { "<li>\($0)</li>" as Markup }
    let beyond: Markup =
      ordered.count > cards.count ? "<p class=\"note\">Pictures of the \(cards.count) worst columns; the table has all \(ordered.count).</p>" : ""
    let look: Markup = findings.isEmpty ? "" : "<section><h2>Data to look at</h2><ul class=\"findings\">\(findings)</ul></section>"
    let state: Markup = report.result.drift.detected ? "drifted" : "stable"
    let page: Markup = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '\(ReportPage.checksum(PageStyle.text))'; \
      script-src '\(ReportPage.checksum(PageScript.text))'; base-uri 'none'; form-action 'none'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(words.verdict)</title>
      <style>\(Markup(trusted: PageStyle.text))</style>
      </head>
      <body>
      <header>
      <button id="theme" type="button" hidden>Dark</button>
      <h1 class="\(state)">\(words.verdict)</h1>
      \(details)
      <dl class="sides"><div><dt><i class="swatch ref"></i>reference</dt><dd><bdi>\(report.sources.reference)</bdi>, \
      \(NumberText.grouped(report.result.rows.reference)) rows</dd></div><div><dt><i class="swatch cur"></i>current</dt>\
      <dd><bdi>\(report.sources.current)</bdi>, \(NumberText.grouped(report.result.rows.current)) rows</dd></div></dl>
      </header>
      <main>
      \(look)
      \(ModelView(report).markup)
      \(HistoryView(report).markup)
      <section><h2 id="columns">Columns</h2>
      \(OverviewTable(ordered, pictures).markup(cards: cards.count))
      </section>
      <section id="cards" aria-label="Each column">
      \(beyond)\(cards)
      </section>
      </main>
      <footer><p>\(words.method)</p>
      <p><b>Moved</b> is the least share of the values that would have to change for the two sides to be alike: the Kolmogorov-Smirnov distance of numbers and \
      times, the total variation distance of categories. Histograms show the middle 99 % of both sides. In the quantile-quantile picture the points lie on \
      the line where the sides are alike, and above it where the current values are larger.</p>
      <p>Made by Kedge; <code>kedge compare --report FILE.json</code> has the same as data.</p></footer>
      <script>\(Markup(trusted: PageScript.text))</script>
      </body>
      </html>

      """
    text = page.text
  }

  /// As a content security policy names a script or a style.
  private static func checksum(_ text: String) -> Markup {
    Markup(trusted: "sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString())
  }
}
