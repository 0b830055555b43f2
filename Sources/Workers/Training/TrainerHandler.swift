internal import Foundation
internal import Integrations
internal import Lifecycle
internal import PostgreSQL
internal import Profiles
internal import Projections
internal import Statistics
internal import Synchronization
internal import Values

/// Trains challengers, judges them, and compares versions in production, each by a command of the user.
struct TrainerHandler: WorkHandler {
  let context: WorkContext
  let artifacts: ArtifactStore
  /// Folder for the files of attempts.
  let scratch: String
  let supervisor: CommandRun.SupervisorCommand

  func perform(_ work: Work) async throws {
    switch work.kind {
    case .train, .evaluate: try await step(work)
    case .compare: try await ProductionComparison(trainer: self, work: work).run()
    default: break
    }
  }

  private func step(_ work: Work) async throws {
    guard let id = RunID(stream: work.stream) else { return }
    let begun = try await begin(work)
    guard case .started(let started, let state) = begun, let request = state.request else { return }
    let attempt = try Attempt(context, scratch: scratch, run: id.uuid, step: started.step.rawValue, number: started.attempt)
    defer { attempt.remove() }
    let model = try await model(request.model)
    let champion = model.aliases[ModelState.champion].flatMap { model[$0.number]?.registration }
    var input = try await CommandInput(context: context, artifacts: artifacts, request: request).json(
      run: id.uuid, champion: champion, since: try await registered(champion?.version), folder: attempt.folder)

    let specification = request.specification
    guard case .command(let training, let directory) = specification.train.trainer else { return }
    var command = (training, specification.train.timeout.duration)
    if started.step == .evaluate, let version = state.version {
      input["challenger"] = try await CommandInput(context: context, artifacts: artifacts, request: request).version(model[version.number]?.registration)
      command = (specification.evaluate.command, specification.evaluate.timeout.duration)
    }
    let result = try await watchingForCancellation(of: work) { [command, input] in
      try await attempt.run(command.0, in: directory, timeout: command.1, input: input, supervisor: supervisor)
    }
    guard let result else { return }
    try Task.checkCancellation()
    do {
      guard result.outcome.succeeded else { throw StepFailure(result.outcome) }
      switch started.step {
      case .train: try await finishTraining(work, attempt, request, id)
      case .evaluate: try await finishEvaluation(work, attempt, request, state, champion: champion?.version)
      }
    } catch let failure as StepFailure {
      let lines = try await attempt.attach(result.lastLines)
      try await context.record(work, as: .trainer, completing: true) { session in
        let now = try await session.load(RunState.self, work.stream)
        guard now.isActive, now.attempt == started.attempt else { return }
        session.record([try now.fail(reason: failure.reason, timedOut: failure.timedOut, lastLines: lines, at: .now())], on: work.stream)
      }
    }
  }

  private enum Beginning: Sendable { case started(RunStarted, RunState), over }

  /// Records that an attempt begins; a run over which too many workers died fails here.
  private func begin(_ work: Work) async throws -> Beginning {
    let box = Once<Beginning>()
    let state = try await run(work)
    try await context.record(work, as: .trainer, completing: !state.isActive || state.isExhausted) { session in
      let state = try await session.load(RunState.self, work.stream)
      box.value = .over
      guard state.isActive else { return }
      if state.isExhausted {
        session.record(
          [try state.fail(reason: "its worker was lost \(state.attempt) times", timedOut: false, lastLines: nil, retryable: false, at: .now())],
          on: work.stream)
      } else {
        let started = try state.start(worker: context.worker)
        session.record([.runStarted(started)], on: work.stream)
        box.value = .started(started, state)
      }
    }
    return box.value ?? .over
  }

  /// Runs `body` and ends it when the run is cancelled meanwhile.
  /// - Returns: nil when it was.
  private func watchingForCancellation(
    of work: Work, _ body: @escaping @Sendable () async throws -> CommandResult
  ) async throws -> CommandResult? {
    try await withThrowingTaskGroup(of: CommandResult?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        while true {
          try await Task.sleep(for: .seconds(1))
          if let state = try? await run(work), !state.isActive { return nil }
        }
      }
      defer { group.cancelAll() }
      let first = try await group.next() ?? nil
      group.cancelAll()
      // What was cancelled ends before this returns.
      while (try? await group.next()) != nil {}
      return first
    }
  }

  private func finishTraining(_ work: Work, _ attempt: Attempt, _ request: RunRequested, _ id: RunID) async throws {
    let result: TrainerResult
    let artifact: Artifact
    let baseline: Artifact?
    do {
      (result, artifact, baseline) = try await onThread {
        let result = try TrainerResult(readingFrom: attempt.output)
        return (result, try Artifact(file: result.artifact), try result.baseline.map { try Artifact(file: $0) })
      }
      try await artifacts.store(artifact, from: result.artifact)
      if let baseline, let path = result.baseline { try await artifacts.store(baseline, from: path) }
    } catch let error as TrainerResultError {
      throw StepFailure(error)
    } catch let error as ArtifactError {
      throw StepFailure(error)
    }
    try await context.record(work, as: .trainer, completing: true) { session in
      let now = try await session.load(RunState.self, work.stream)
      guard now.phase == .running, now.attempt == attempt.number else { return }
      let stream = "model/\(request.model)"
      let version = try await session.load(ModelState.self, stream).register(
        model: request.model, artifact: artifact, run: id, metrics: result.metrics, tags: result.tags, baseline: baseline)
      session.record([.versionRegistered(version)], on: stream)
      session.record([.runStepFinished(RunStepFinished(step: .train, attempt: attempt.number, version: version.version))], on: work.stream)
    }
  }

  private func finishEvaluation(_ work: Work, _ attempt: Attempt, _ request: RunRequested, _ state: RunState, champion: VersionName?) async throws {
    guard let challenger = state.version else { return }
    let task = try await model(request.model).specification?.task ?? .classification
    let gate = request.specification.evaluate.gate
    let judgement: Judgement
    do {
      judgement = try await onThread {
        try Judgement(
          predictions: attempt.output + "/predictions.csv", task: task, hasChampion: champion != nil, groups: Set(gate.compactMap(\.group)))
      }
    } catch let error as TableError {
      throw StepFailure("predictions.csv: \(error.withoutData)")
    } catch let error as NotComputable {
      throw StepFailure("predictions.csv: \(error.reason)")
    }
    let (results, passed) = judgement.apply(gate)
    var metrics = ["challenger": judgement.challenger.metrics]
    metrics["champion"] = judgement.champion?.metrics
    var intervals = ["challenger": judgement.challenger.intervals]
    intervals["champion"] = judgement.champion?.intervals
    let evaluated = RunEvaluated(
      model: request.model, pipeline: request.pipeline, champion: champion, challenger: challenger, rows: judgement.rows, metrics: metrics,
      difference: judgement.difference, gate: results, passed: passed, deploy: request.specification.deploy, intervals: intervals)
    try await context.record(work, as: .trainer, completing: true) { session in
      let now = try await session.load(RunState.self, work.stream)
      guard now.phase == .evaluating, now.attempt == attempt.number else { return }
      session.record(
        [
          .runStepFinished(RunStepFinished(step: .evaluate, attempt: attempt.number, version: challenger)), .runEvaluated(evaluated),
          .runSucceeded(RunSucceeded(version: challenger)),
        ], on: work.stream)
    }
  }

  private func run(_ work: Work) async throws -> RunState { try await context.state(work.stream) }

  func model(_ name: String) async throws -> ModelState { try await context.state("model/\(name)") }

  private func registered(_ version: VersionName?) async throws -> Timestamp? {
    guard let version else { return nil }
    return try await context.database.query("select registered_at from kedge.model_version where name = \(version.description)").first?
      .decode(Timestamp.self)
  }
}

/// Why a step of a run failed.
struct StepFailure: Error {
  let reason: String
  let timedOut: Bool

  init(_ reason: String) {
    self.reason = reason
    timedOut = false
  }

  init(_ error: some Error & CustomStringConvertible) { self.init("\(error)") }

  init(_ outcome: CommandOutcome) {
    reason = "the command \(outcome)"
    if case .timedOut = outcome { timedOut = true } else { timedOut = false }
  }
}

extension WorkContext {
  /// What the facts of a stream add up to now.
  func state<State: StreamState>(_ stream: String) async throws -> State {
    try await database.withTransaction { transaction in
      var session = DecisionSession(transaction)
      return try await session.load(State.self, stream)
    }
  }
}

/// Carries a value out of a body that may be run again; the last one counts.
final class Once<Value: Sendable>: Sendable {
  private let stored = Mutex<Value?>(nil)
  var value: Value? {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }
}
