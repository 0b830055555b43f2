internal import Foundation
internal import HTTPTransport
internal import Integrations
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

/// Sends messages to channels: at least once each, in order for each alert, with the message's id as idempotency key. Alerts' actions go along.
struct NotifierHandler: WorkHandler {
  let context: WorkContext
  let http: HTTPClient
  let credentials: CredentialResolver
  let actions: ActionHandler
  let retry = RetryPolicy()

  func perform(_ work: Work) async throws {
    if work.kind == .act { return try await actions.perform(work) }
    let request = try work.data.decode(MessageRequested.self)
    let state = try await context.database.withTransaction { transaction in
      var session = DecisionSession(transaction)
      return try await session.load(ChannelState.self, work.stream)
    }
    guard let made = state.attempts(at: request.message) else { return }
    let attempt = made + 1
    let fact: Fact
    do throws(ChannelFailure) {
      guard let specification = state.specification else { throw ChannelFailure.final(reason: "the channel is not declared any more") }
      let receipt = try await specification.kind.open(http, credentials).send(
        message(request, thread: request.alert.flatMap { state.threads[$0.description] }), idempotencyKey: request.message.lowercased)
      fact = .messageSent(
        MessageSent(
          message: request.message, attempt: attempt, alert: request.alert,
          receipt: ["conversation": receipt.conversation, "message": receipt.message].compactMapValues { $0 }))
    } catch let failure {
      fact = outcome(of: failure, request, attempt)
    }
    try await context.record(work, as: .notifier, completing: true) { session in
      guard try await session.load(ChannelState.self, work.stream).attempts(at: request.message) == made else { return }
      session.record([fact], on: work.stream)
    }
  }

  private func outcome(of failure: ChannelFailure, _ request: MessageRequested, _ attempt: Int) -> Fact {
    if case .retryable(let after, let reason) = failure,
      let pause = retry.delay(afterAttempt: attempt, random: .random(in: 0..<1), retryAfter: after)
    {
      return .messageDelayed(MessageDelayed(message: request.message, attempt: attempt, reason: reason, retryAt: .now() + pause))
    }
    return .messageAbandoned(MessageAbandoned(message: request.message, attempt: attempt, reason: failure.description))
  }

  private func message(_ request: MessageRequested, thread: [String: String]?) -> Message {
    Message(
      title: request.title, severity: .init(rawValue: request.severity) ?? .warning, state: .init(request.state), text: request.text,
      fields: request.fields.map { .init($0.name, $0.value) }, command: request.command, occurredAt: .now(),
      thread: thread.map { Receipt(conversation: $0["conversation"], message: $0["message"]) })
  }
}

extension ChannelSpecification.Kind {
  /// The channel itself.
  func open(_ http: HTTPClient, _ credentials: CredentialResolver) -> any Channel {
    switch self {
    case .slack(let token, let channel, let api):
      SlackChannel(token: token, channel: channel, baseURL: api ?? "https://slack.com", http: http, credentials: credentials)
    case .slackWebhook(let url): SlackWebhookChannel(url: url, http: http, credentials: credentials)
    case .http(let url, let secret):
      HTTPChannel(address: .init(url), secret: secret, http: http, credentials: credentials, clock: { .now() })
    }
  }
}
