internal import Foundation
internal import HTTPTransport
internal import Integrations
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

/// Does what an alert's actions ask of a worker: runs a program, or calls a URL.
///
/// The program runs as a trainer does, for at most ten minutes: `KEDGE_INPUT` is a file with `{"action", "alert", "rule", "monitor", "model", "severity"}`,
/// `KEDGE_RUN_ID` the action's id. A URL gets what an `http:` channel sends, with the action's id as idempotency key. Either may happen again when a worker
/// dies on the way.
struct ActionHandler: Sendable {
  let context: WorkContext
  let http: HTTPClient
  let credentials: CredentialResolver
  let scratch: String
  let supervisor: CommandRun.SupervisorCommand

  private static let timeout = Duration.seconds(600)
  private static let attempts = 3

  func perform(_ work: Work) async throws {
    let request = try work.data.decode(ActionRequested.self)
    let alert = try await context.database.withTransaction { transaction in
      var session = DecisionSession(transaction)
      return try await session.load(AlertState.self, work.stream)
    }
    let failure: String? =
      switch request.declared.deed {
      case .command(let words): try await run(words, request, alert, work)
      case .call(let url): await call(url, request, alert, work)
      case .retrain, .freeze, .rollBack: nil
      }
    try await context.record(work, as: .notifier, completing: true) { session in
      session.expectAny(work.stream)
      session.record([.actionFinished(ActionFinished(action: request.action, failure: failure))], on: work.stream)
    }
  }

  private func run(_ words: [String], _ request: ActionRequested, _ alert: AlertState, _ work: Work) async throws -> String? {
    let attempt = try Attempt(context, scratch: scratch, run: request.action, step: "action", number: 1)
    defer { attempt.remove() }
    let input: JSON = [
      "action": .string(request.action.lowercased), "alert": .string(work.name), "rule": .string(request.rule), "monitor": JSON(alert.subject?.monitor),
      "model": JSON(alert.subject?.model), "severity": JSON(alert.subject?.severity),
    ]
    let result = try await attempt.run(words, in: attempt.output, timeout: ActionHandler.timeout, input: input, supervisor: supervisor)
    if result.outcome.succeeded { return nil }
    try Task.checkCancellation()
    return "the program \(result.outcome)" + (result.lastLines.last.map { ": \($0)" } ?? "")
  }

  private func call(_ url: String, _ request: ActionRequested, _ alert: AlertState, _ work: Work) async -> String? {
    let channel = HTTPChannel(address: .init(url), secret: nil, http: http, credentials: credentials, clock: { .now() })
    let place = alert.subject?.monitor ?? alert.subject?.endpoint ?? "kedge"
    let message = Message(
      title: "\(request.rule) fires on \(place)", severity: alert.subject.flatMap { .init(rawValue: $0.severity) } ?? .warning, state: .init("action"),
      text: request.declared.deed.description, fields: [.init("alert", work.name)], command: nil, occurredAt: .now(), thread: nil)
    let retry = RetryPolicy(attempts: ActionHandler.attempts)
    for attempt in 1... {
      do throws(ChannelFailure) {
        _ = try await channel.send(message, idempotencyKey: request.action.lowercased)
        return nil
      } catch {
        guard case .retryable(let after, _) = error, let pause = retry.delay(afterAttempt: attempt, random: .random(in: 0..<1), retryAfter: after),
          (try? await Task.sleep(for: pause)) != nil
        else { return error.description }
      }
    }
    return nil
  }
}
