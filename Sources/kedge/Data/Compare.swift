internal import ArgumentParser
internal import Profiles
internal import Reports
internal import Statistics
internal import Values

struct Compare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Drift between two data files; needs no database.",
    discussion: guide(
      """
      --test is a preset (auto, evidently) or one test for every column that it fits; --column-test chooses for one column.
      Files are .csv, .tsv or .jsonl, each also with .gz, .parquet, - for standard input, or a .json that `kedge profile` wrote; directories and patterns of
      such files; https:// and s3:// (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL); postgresql:// with --query.
      A column with a cell that is no number among numbers has no verdict; the others have theirs, and the command ends with exit code 2.
      --report writes all of it as one HTML page that needs nothing else, or as data if the file's name ends in .json; with --prediction and --label it
      shows how right the predictions were, and with --history what a monitor measured before.
      """,
      example: """
        kedge compare --reference reference.csv --current current.csv
        kedge compare --reference a.csv --current b.csv --column-test 'mean radius=psi:0.2' --fail-on-drift -o json
        kedge get measurements fraud-live -o json > history.json
        kedge compare --reference a.csv --current b.csv --history history.json --report report.html
        """, .answerIsNo))

  @Option(help: ArgumentHelp("What to compare with.", valueName: "file"), completion: .file()) var reference: String
  @Option(help: ArgumentHelp("What is compared.", valueName: "file"), completion: .file()) var current: String
  @Option(help: "auto, evidently, or a test's name.") var test = "auto"
  @Option(name: .customLong("column-test"), help: ArgumentHelp("Test of one column; may be repeated.", valueName: "column=name[:threshold]"))
  var columnTests: [String] = []
  @Option(help: ArgumentHelp("A column that is not looked at; may be repeated.", valueName: "column")) var exclude: [String] = []
  @Option(help: ArgumentHelp("A column of categories, whatever it looks like; may be repeated.", valueName: "column")) var categorical: [String] = []
  @Option(help: ArgumentHelp("Column of predictions; compared where both files have it.", valueName: "column")) var prediction: String?
  @Option(help: ArgumentHelp("Column of probabilities; compared where both files have it.", valueName: "column")) var probability: String?
  @Option(help: ArgumentHelp("Column of labels; no drift input.", valueName: "column")) var label: String?
  @Option(help: ArgumentHelp("How p-values are adjusted: \(Correction.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
  var correction: String?
  @Option(help: ArgumentHelp("The share of drifted columns from which the data have drifted.", valueName: "share")) var driftShare: Double?
  @Option(help: ArgumentHelp("Writes a report: .html, or the same as data: .json; may be repeated.", valueName: "file"), completion: .file())
  var report: [String] = []
  @Option(help: ArgumentHelp("What `kedge get measurements MONITOR -o json` printed, for the report.", valueName: "file"), completion: .file())
  var history: String?
  @Flag(help: "Ends with exit code 3 when drift is found.") var failOnDrift = false
  @OptionGroup var sources: SourcesOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let other = report.first(where: { !ReportFile.isNamedWell($0) }) {
      throw ValidationError("--report \(other): expected a name that ends in .html or .json")
    }
    if history != nil, report.isEmpty { throw ValidationError("--history is shown in a report: name one with --report") }
    if reference == "-", current == "-" { throw ValidationError("--reference and --current cannot both be standard input") }
    if let driftShare, !(0...1).contains(driftShare) { throw ValidationError("--drift-share \(driftShare): expected a number from 0 to 1") }
    _ = try options()
  }

  func run() async throws {
    let options = try options()
    let (reference, current, reports) = (reference, current, report)
    let (reading, currentReading) = (try sources.reference(leavingOut: exclude), try sources.current(leavingOut: exclude))
    let columns = (prediction: prediction, probability: probability, label: label)
    let history = try history.map(ReportFile.history)
    let showsHistograms = common.output == .wide || common.output == .table && (Terminal.width ?? 0) >= Compare.roomForHistograms
    let (result, distributions) = try await onThread {
      let one = try ComparisonSide.read(path: reference, options: options, reading: reading)
      let other = try ComparisonSide.read(path: current, options: options, reading: currentReading)
      guard showsHistograms || !reports.isEmpty else {
        return (try Comparison.run(reference: one, current: other, options: options), [ColumnDistribution]())
      }
      let (result, distributions) = try Comparison.runWithDistributions(reference: one, current: other, options: options)
      if !reports.isEmpty {
        // A source names itself without what may be secret in a URL.
        var report = DriftReport(
          result: result, distributions: distributions, options: options, sources: (one.source, other.source), history: history)
        if columns.prediction != nil || columns.probability != nil {
          report.model = .init(
            prediction: columns.prediction, probability: columns.probability, label: columns.label, reference: one, current: other, excluded: options.exclude,
            inputs: result.columns)
        }
        for path in reports { try ReportFile.write(report, to: path) }
      }
      return (result, showsHistograms ? distributions : [])
    }
    for path in report { common.say("report: \(path)") }
    Renderer(format: common.output).document(result.json) { text(result, distributions) }
    if let first = result.damaged.first { throw first }
    if failOnDrift, result.drift.detected { throw Complaint(.answerIsNo, nil) }
  }

  private func options() throws -> ComparisonOptions {
    guard let choice = ComparisonOptions.Choice(test) else {
      throw ValidationError("--test \(test): there is no such test; expected auto, evidently, \(DriftTest.names.joined(separator: ", "))")
    }
    var options = ComparisonOptions(choice: choice)
    for text in columnTests {
      guard let equals = text.lastIndex(of: "="), equals != text.startIndex,
        let test = ComparisonOptions.ColumnTest(String(text[equals...].dropFirst()))
      else {
        throw ValidationError("--column-test \(text): expected COLUMN=NAME or COLUMN=NAME:THRESHOLD, NAME one of \(DriftTest.names.joined(separator: ", "))")
      }
      options.columnTests[String(text[..<equals])] = test
    }
    options.exclude = Set(exclude + [label].compactMap { $0 })
    options.categorical = Set(categorical)
    options.optional = Set([prediction, probability].compactMap { $0 })
    if let correction {
      guard let known = Correction(rawValue: correction) else {
        throw ValidationError("--correction \(correction): expected \(Correction.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      options.correction = known
    }
    options.driftShare = driftShare
    // Beside the verdict's test, for whoever reads the report; they judge nothing.
    if !report.isEmpty { options.also = [.wasserstein, .psi, .jensenShannon] }
    options.damagedColumns = .setAside
    return options
  }

  /// From so many columns of a terminal on, tables have histograms without being asked for `wide`.
  private static let roomForHistograms = 120

  private func text(_ result: ComparisonResult, _ distributions: [ColumnDistribution]) -> String {
    if common.output == .name { return result.drift.driftedColumns.joined(separator: "\n") }
    let blocks = Dictionary(distributions.map { ($0.name, TerminalHistogram.blocks($0)) }, uniquingKeysWith: { first, _ in first })
    let items = result.columns.map { column in
      var item = column.json
      if let blocks = blocks[column.name] { item["blocks"] = ["reference": .string(blocks.reference), "current": .string(blocks.current)] }
      return item
    }.enumerated().sorted { one, other in
      let (a, b) = (one.element["drifted"]?.bool ?? false, other.element["drifted"]?.bool ?? false)
      return a == b ? one.offset < other.offset : a
    }.map(\.element)
    let columns =
      [
        TableColumn("COLUMN", "name"), TableColumn("TYPE", "type"), TableColumn("TEST", "test"), TableColumn("STATISTIC", "statistic"),
        TableColumn("P", "p_value"), TableColumn("ADJUSTED", "p_adjusted"), TableColumn("EFFECT", "effect"), TableColumn("VERDICT", "verdict"),
      ] + (distributions.isEmpty ? [] : [TableColumn("BEFORE", "blocks.reference"), TableColumn("NOW", "blocks.current")]) + [
        TableColumn("MEAN BEFORE", "reference.mean", wide: true), TableColumn("MEAN NOW", "current.mean", wide: true),
        TableColumn("WHY", "skipped", wide: true),
      ]
    var text = Renderer.table(items, columns.filter { common.output == .wide || !$0.isWide }, width: common.output == .wide ? nil : Terminal.width)
    func list(_ what: String, _ names: [String]) { if !names.isEmpty { text += "\(what): \(names.joined(separator: ", "))\n" } }
    text += "\n"
    list("missing columns", result.schema.missing)
    list("new columns", result.schema.new)
    list("columns of another type", result.schema.typeChanged)
    list("columns of other quality", result.qualityColumns)
    let verdict = result.drift.detected ? Terminal.paint("drift", .red) : Terminal.paint("no drift", .green)
    let compared = result.columns.filter { $0.verdict != .skipped }.count
    return text
      + "\(verdict): \(result.drift.driftedColumns.count) of \(compared) columns drifted, \(result.rows.reference) rows against \(result.rows.current)\n"
  }
}
