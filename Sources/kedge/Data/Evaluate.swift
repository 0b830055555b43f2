internal import ArgumentParser
internal import Profiles
internal import Statistics
internal import Values

struct Evaluate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Metrics of predictions with confidence intervals, calibration and fairness; needs no database.",
    discussion: guide(
      "With --against the differences are this file's minus the other's, on the rows that both have.",
      example: """
        kedge evaluate predictions.csv --label diagnosis --prediction predicted --probability score
        kedge evaluate challenger.csv --against champion.csv --id id --label y --prediction p -o json
        """))

  @Argument(help: "What `kedge compare` reads; - for standard input.", completion: .file()) var file: String
  @Option(help: ArgumentHelp("Column of what was true.", valueName: "column")) var label: String
  @Option(help: ArgumentHelp("Column of predictions.", valueName: "column")) var prediction: String
  @Option(help: ArgumentHelp("Column of probabilities.", valueName: "column")) var probability: String?
  @Option(help: ArgumentHelp("Column by which fairness is measured.", valueName: "column")) var group: String?
  @Option(help: ArgumentHelp("Another model's predictions on the same rows.", valueName: "file"), completion: .file()) var against: String?
  @Option(help: ArgumentHelp("Column that joins the rows of both files; without it they are joined row by row.", valueName: "column")) var id: String?
  @Option(help: ArgumentHelp("The positive class.", valueName: "value")) var positive: String?
  @Option(help: "classification or regression; else by the columns.") var task: String?
  @OptionGroup var source: SourceOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let task, PredictionTask(rawValue: task) == nil { throw ValidationError("--task \(task): expected classification or regression") }
  }

  func run() async throws {
    let (file, against, reading) = (file, against, try source.reading())
    let columns = Evaluation.Columns(
      label: label, prediction: prediction, probability: probability, groups: [group].compactMap { $0 }, id: id, positive: positive,
      task: task.flatMap { PredictionTask(rawValue: $0) })
    let result = try await onThread {
      let table = try TableReader.read(path: file, options: reading)
      return try Evaluation.run(table, columns: columns, against: try against.map { try TableReader.read(path: $0, options: reading) })
    }
    Renderer(format: common.output).document(result.json) { text(result.json) }
  }

  private func text(_ result: JSON) -> String {
    func table(_ metrics: JSON?, _ title: String) -> String {
      let items = (metrics?.object?.members ?? []).map { name, figures in
        ["metric": .string(name), "value": figures["value"] ?? figures, "low": figures["low"] ?? .null, "high": figures["high"] ?? .null] as JSON
      }
      let columns = [TableColumn(title, "metric"), TableColumn("VALUE", "value"), TableColumn("LOW", "low"), TableColumn("HIGH", "high")]
      return items.isEmpty ? "" : Renderer.table(items, columns, width: Terminal.width)
    }
    var text = table(result["metrics"], "METRIC")
    if let fairness = result["fairness"], let members = fairness.object?.members {
      text += "\n" + members.filter { $0.key != "by_group" }.map { "\($0.key): \(TableColumn.text($0.value))\n" }.joined()
    }
    if let against = result["against"], !against.isNull {
      text += "\n" + table(against["difference"], "DIFFERENCE") + "McNemar's p: \(TableColumn.text(against["mcnemar_p"] ?? .null))\n"
    }
    return text + "\(TableColumn.text(result["rows"] ?? .null)) rows, 95 % intervals\n"
  }
}
