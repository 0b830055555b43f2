internal import Foundation
internal import Integrations
internal import Lifecycle
internal import Profiles
internal import Projections
internal import Statistics
internal import Values

/// Compares a version with the one it replaced on a window's labelled rows: the pipeline's evaluation command predicts with both.
struct ProductionComparison: Sendable {
  let trainer: TrainerHandler
  let work: Work

  func run() async throws {
    let request = try work.data.decode(ComparisonRequested.self)
    let analysis = try await analyse(request)
    try await trainer.context.record(work, as: .trainer, completing: true) { session in
      let state = try await session.load(DeploymentState.self, work.stream)
      // Rolled back meanwhile: nobody asks any more.
      guard let facts = try? state.decide(.recordAnalysis(analysis)) else { return }
      session.record(facts, on: work.stream)
    }
  }

  private func analyse(_ request: ComparisonRequested) async throws -> AnalysisRecorded {
    var analysis = AnalysisRecorded(
      kind: "paired", window: request.window, champion: request.champion, challenger: request.challenger, rows: 0, results: [],
      outcome: .inconclusive)
    let monitor: MonitorState = try await trainer.context.state("monitor/\(request.monitor)")
    let model = try await trainer.model(request.model)
    guard let specification = monitor.specification, let old = model[request.champion.number], let new = model[request.challenger.number],
      case .command(_, let directory) = request.specification.train.trainer, let id = DeploymentID(stream: work.stream)
    else {
      analysis.reason = "the monitor or one of the versions is not there any more"
      return analysis
    }
    let attempt = try Attempt(trainer.context, scratch: trainer.scratch, run: id.uuid, step: "compare", number: Int(work.token))
    defer { attempt.remove() }
    let rows = attempt.folder + "/rows.csv"
    do {
      let database = trainer.context.database
      analysis.rows = try await onThread { try LabelBook(specification, database).write(rowsOf: request.window.source, to: rows) }
    } catch let error as TableError {
      analysis.reason = error.withoutData
      return analysis
    }
    guard analysis.rows >= specification.window.minimumRows else {
      analysis.reason = "\(analysis.rows) labelled rows, and \(specification.window.minimumRows) are needed"
      return analysis
    }
    let input = CommandInput(
      context: trainer.context, artifacts: trainer.artifacts,
      request: RunRequested(
        model: request.model, pipeline: request.specification.name, reason: .person(nil), parameters: request.specification.parameters,
        specification: request.specification))
    let baseline = try await input.baseline(of: try await input.monitors(), folder: attempt.folder)
    let json = JSON([
      ("run", .string(id.description)), ("model", .string(request.model)), ("reason", ["kind": "comparison", "endpoint": .string(request.endpoint)]),
      ("champion", try await input.version(old.registration)), ("challenger", try await input.version(new.registration)),
      ("baseline", baseline), ("windows", []),
      ("parameters", try JSON(encoding: request.specification.parameters)), ("rows", .string(rows)),
    ])
    let result = try await attempt.run(
      request.specification.evaluate.command, in: directory, timeout: request.specification.evaluate.timeout.duration, input: json,
      supervisor: trainer.supervisor)
    try Task.checkCancellation()
    guard result.outcome.succeeded else {
      analysis.reason = "the evaluation command \(result.outcome)" + (result.lastLines.last.map { ": \($0)" } ?? "")
      return analysis
    }
    do {
      let task = model.specification?.task ?? .classification
      let judgement = try await onThread {
        try Judgement(predictions: attempt.output + "/predictions.csv", task: task, hasChampion: true, groups: [])
      }
      return judge(judgement, request, analysis)
    } catch let error as TableError {
      analysis.reason = "predictions.csv: \(error.withoutData)"
    } catch let error as NotComputable {
      analysis.reason = "predictions.csv: \(error.reason)"
    }
    return analysis
  }

  private func judge(_ judgement: Judgement, _ request: ComparisonRequested, _ empty: AnalysisRecorded) -> AnalysisRecorded {
    var analysis = empty
    analysis.rows = judgement.rows
    analysis.results = request.rules.map { rule in
      rule.judge(
        champion: judgement.champion?.metrics[rule.metric.text], challenger: judgement.challenger.metrics[rule.metric.text],
        difference: judgement.difference[rule.metric.text] ?? [])
    }
    analysis.outcome = AnalysisOutcome(of: analysis.results)
    if analysis.outcome == .inconclusive { analysis.reason = "none of the metrics could be computed" }
    return analysis
  }
}
