internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct Retrain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retrain",
    abstract: "Starts a run by hand: trains a challenger and compares it with the champion.",
    discussion: guide(
      "With --wait it ends when the run is over: 3 if the challenger did not pass the gate, 8 if it now waits for an approval.",
      example: "kedge retrain breast-cancer --reason 'new labels' --wait=1h\nkedge retrain breast-cancer --parameter trees=200 --parameter seed=7",
      .answerIsNo, .notFound, .conflict, .timedOut, .waitsForApproval))

  @Argument(help: "Name of the model.") var model: String
  @Option(help: "Which pipeline, if the model has several.") var pipeline: String?
  @Option(name: .customLong("parameter"), help: ArgumentHelp("For trainer and evaluator; may be repeated. The value is JSON, or else text.", valueName: "k=v"))
  var parameters: [String] = []
  @OptionGroup var writing: WritingOptions
  @OptionGroup var waiting: WaitingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    for parameter in parameters where !parameter.dropFirst().contains("=") { throw ValidationError("--parameter \(parameter): expected NAME=VALUE") }
  }

  func run() async throws {
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["run_requested"]) { _ in
        let id = RunID(writing.idempotencyKey.map { UUID(namespace: Promote.namespace, name: "retrain/\(model)/\($0)") } ?? UUID())
        return Target(stream: id.stream, id: id.description)
      } decide: { session, target, transaction in
        let name = try await pipelineName(transaction)
        let specification = try await specification(name, transaction)
        guard specification.model == model else { throw Refusal.invalid("pipeline \(name) trains \(specification.model), not \(model)") }
        if let active = try await active(name, transaction) {
          throw Refusal.conflict("run \(active) of \(name) is under way; wait for it, or `kedge cancel run \(active)`")
        }
        guard try await session.load(RunState.self, target.stream).phase == .none else { throw Refusal.conflict("run \(target.id) exists already") }
        let given = Dictionary(parameters.map(Retrain.parameter), uniquingKeysWith: { $1 })
        session.record(
          [
            .runRequested(
              RunRequested(
                model: model, pipeline: name, reason: .person(writing.reason), parameters: specification.parameters.merging(given) { $1 },
                specification: specification))
          ], on: target.stream)
      }
      try change.report(changed, "run \(changed.id) is requested; `kedge logs run \(changed.id) --follow` follows it")
      try await RunEnd(client: client, waiting: waiting, writing: writing, common: common).wait(for: changed.id)
    }
  }

  private static func parameter(_ text: String) -> (String, JSON) {
    let equals = text.firstIndex(of: "=") ?? text.endIndex
    let value = String(text[equals...].dropFirst())
    return (String(text[..<equals]), (try? JSON(parsing: value)) ?? .string(value))
  }

  private func pipelineName(_ database: any Queryable) async throws -> String {
    if let pipeline { return pipeline }
    // From the log: a pipeline that was declared a moment ago need not have been projected.
    let names = try await database.query("select name::text from kedge.stream where name like 'pipeline/%' order by name").map {
      try $0.decode(String.self, at: 0)
    }
    var fitting: [String] = []
    for name in names {
      if let specification = try await Specifications(database: database).pipeline(String(name.dropFirst("pipeline/".count))), specification.model == model {
        fitting.append(specification.name)
      }
    }
    guard let name = fitting.first else {
      guard try await Lookup(database: database).exists("model/\(model)") else { throw Refusal.unknown("there is no model \(model)") }
      throw Refusal.unknown("no pipeline trains \(model); declare one with `kedge apply`")
    }
    guard fitting.count == 1 else { throw Refusal.invalid("\(model) has several pipelines: \(fitting.joined(separator: ", ")); name one with --pipeline") }
    return name
  }

  private func specification(_ name: String, _ database: any Queryable) async throws -> PipelineSpecification {
    guard let specification = try await Specifications(database: database).pipeline(name) else { throw Refusal.unknown("there is no pipeline \(name)") }
    return specification
  }

  /// A run of the pipeline that has not ended.
  private func active(_ name: String, _ database: any Queryable) async throws -> String? {
    try await database.query(
      "select id::text from kedge.run where pipeline = \(name) and state in ('requested', 'running', 'evaluating') order by position limit 1"
    ).first.map { try $0.decode(String.self, at: 0) }
  }
}
