internal import Foundation
internal import HTTPTransport
internal import Integrations
internal import Lifecycle
internal import Logging
internal import PostgreSQL
internal import Projections
internal import Values

/// Sends messages to channels: at least once each, in order for each alert, with the message's id as idempotency key. Alerts' actions go along.
///
/// A channel that cannot be reached is tried again for hours, with few messages at a time, so that other channels do not wait for it. What waited meanwhile is
/// told with the newest message about the same alert, and alerts that came and went meanwhile are told of together, so that nothing is lost and nobody gets a
/// flood when the channel is back.
struct NotifierHandler: WorkHandler {
  let context: WorkContext
  let http: HTTPClient
  let credentials: CredentialResolver
  let actions: ActionHandler
  let retry = RetryPolicy()

  func perform(_ work: Work) async throws {
    switch work.kind {
    case .act: try await actions.perform(work)
    case .resend: try await resend(work)
    default: try await notify(work)
    }
  }

  private func notify(_ work: Work) async throws {
    let request = try work.data.decode(MessageRequested.self)
    let state = try await state(of: work)
    guard let waiting = state.waiting(request.message) else { return }
    if waiting.attempts == 0, request.state != MessageRequested.test, let until = state.pausedUntil, until > .now() {
      return try await leave(work, for: until - .now())
    }
    if waiting.attempts > 0 || waiting.foldedCount > 0, let successor = state.successor(of: request.message) {
      return try await record(.messageFolded(MessageFolded(message: request.message, into: successor)), request, waiting.attempts, work)
    }
    let gathered = try await gather(request, state, work)
    try await record(try await send(request, gathered, work), request, waiting.attempts, work)
  }

  /// Records what became of a message, unless somebody was faster.
  private func record(_ fact: Fact, _ request: MessageRequested, _ attempts: Int, _ work: Work) async throws {
    try await context.record(work, as: .notifier, completing: true) { session in
      guard try await session.load(ChannelState.self, work.stream).attempts(at: request.message) == attempts else { return }
      session.record([fact], on: work.stream)
    }
  }

  /// Lets a message tell what people missed of other alerts, before it is sent: what is done with has been told.
  private func gather(_ request: MessageRequested, _ state: ChannelState, _ work: Work) async throws -> ChannelState {
    guard request.state != MessageRequested.test, !state.missed(beside: request.message).isEmpty else { return state }
    try await context.record(work, as: .notifier, completing: false) { session in
      let missed = try await session.load(ChannelState.self, work.stream).missed(beside: request.message)
      session.record(missed.map { .messageFolded(MessageFolded(message: $0, into: request.message)) }, on: work.stream)
    }
    return try await self.state(of: work)
  }

  private func state(of work: Work) async throws -> ChannelState {
    try await context.database.withTransaction { transaction in
      var session = DecisionSession(transaction)
      return try await session.load(ChannelState.self, work.stream)
    }
  }

  private func send(_ request: MessageRequested, _ state: ChannelState, _ work: Work) async throws -> Fact {
    let waiting = state.waiting(request.message)
    let attempt = (waiting?.attempts ?? 0) + 1
    guard let specification = state.specification else {
      return outcome(of: .final(reason: "the channel is not declared any more"), request, attempt)
    }
    var message = Message(
      request, thread: request.alert.flatMap { state.threads[$0.description] }, folded: waiting?.foldedTitles ?? [],
      of: waiting?.foldedCount ?? 0)
    if case .email = specification.kind, let alert = request.alert { message.picture = try await picture(of: alert) }
    do throws(ChannelFailure) {
      let receipt = try await specification.kind.open(http, credentials).send(message, idempotencyKey: request.message.lowercased)
      return .messageSent(
        MessageSent(
          message: request.message, attempt: attempt, alert: request.alert,
          receipt: ["conversation": receipt.conversation, "message": receipt.message, "note": receipt.note].compactMapValues { $0 }))
    } catch {
      return outcome(of: error, request, attempt)
    }
  }

  private func outcome(of failure: ChannelFailure, _ request: MessageRequested, _ attempt: Int) -> Fact {
    if case .retryable(let after, let reason) = failure, request.state != MessageRequested.test,
      let pause = retry.delay(afterAttempt: attempt, random: .random(in: 0..<1), retryAfter: after)
    {
      return .messageDelayed(MessageDelayed(message: request.message, attempt: attempt, reason: reason, retryAt: .now() + pause))
    }
    return .messageAbandoned(MessageAbandoned(message: request.message, attempt: attempt, reason: failure.description))
  }

  /// What the column that moved furthest looked like in the measurement that raised an alert; nil when it was raised by something else.
  private func picture(of alert: AlertID) async throws -> Message.Picture? {
    let rows = try await context.database.query(
      """
      select m.data from kedge.event a join kedge.event m on m.id = a.causation_id
      where a.stream = \(alert.stream) and a.type = 'alert_raised' and m.type = 'measurement_recorded'
      """)
    guard let measurement = try rows.first?.decode(JSON.self).decode(MeasurementRecorded.self) else { return nil }
    let furthest = measurement.columns.filter { $0.histogram != nil }.max { ($0.effect ?? 0) < ($1.effect ?? 0) }
    return furthest.flatMap { column in column.histogram.map { Message.Picture(column: column.name, histogram: $0) } }
  }

  /// Says again what fires, then leaves the work to whoever claims it when the lease has run out: that is, when it is time again.
  private func resend(_ work: Work) async throws {
    let state = try await state(of: work)
    guard case .alertmanager(let settings) = state.specification?.kind else { return }
    let recently = Timestamp.now() - settings.resend.duration * NotifierHandler.saidAgain
    let said = state.said.filter { $0.isOpen == true || ($0.at ?? recently) > recently }
    do throws(ChannelFailure) {
      try await AlertmanagerChannel(settings, http: http, credentials: credentials, clock: { .now() }).repeat(
        said.map { Message($0, thread: nil) })
    } catch {
      context.logger.warning("\(work.name): cannot say again what fires: \(error)")
    }
    try await leave(work, for: settings.resend.duration)
  }

  /// Leaves the work to whoever claims it when so much time has passed; the log has nothing of it.
  private func leave(_ work: Work, for time: Duration) async throws {
    try await context.database.query(
      "select kedge.heartbeat(\(work.id), \(work.token), make_interval(secs => \(max(time, NotifierHandler.shortest).inSeconds)))")
  }

  private static let shortest = Duration.milliseconds(50)

  /// For so many intervals it is said of an alert that it is over, in case that it was said again just while it ended.
  private static let saidAgain = 5
}

extension Message {
  /// What was asked for, as a channel tells it.
  /// - Parameters:
  ///   - folded: titles of messages that this one tells too.
  ///   - count: how many there are of them.
  init(_ request: MessageRequested, thread: [String: String]?, folded: [String] = [], of count: Int = 0) {
    let earlier = count > folded.count ? "\(count - folded.count) more, then " : ""
    let late = folded.isEmpty ? "" : "\nNot told before, because the channel could not be reached: \(earlier)\(folded.joined(separator: "; "))"
    self.init(
      title: request.title, severity: .init(rawValue: request.severity) ?? .warning, state: .init(request.state), text: request.text + late,
      fields: request.fields.map { .init($0.name, $0.value) }, command: request.command, occurredAt: request.at ?? .now(),
      thread: thread.map { Receipt(conversation: $0["conversation"], message: $0["message"]) }, alert: request.alert, about: request.about,
      formerSeverities: request.formerSeverities ?? [])
  }
}

extension ChannelSpecification.Kind {
  /// The channel itself.
  func open(_ http: HTTPClient, _ credentials: CredentialResolver) -> any Channel {
    switch self {
    case .slack(let token, let channel, let api):
      SlackChannel(token: token, channel: channel, baseURL: api ?? "https://slack.com", http: http, credentials: credentials)
    case .slackWebhook(let url): SlackWebhookChannel(url: url, http: http, credentials: credentials)
    case .http(let url, let secret, let template):
      HTTPChannel(address: .init(url), secret: secret, template: template, http: http, credentials: credentials, clock: { .now() })
    case .email(let settings): EmailChannel(settings, http: http, credentials: credentials)
    case .alertmanager(let settings): AlertmanagerChannel(settings, http: http, credentials: credentials, clock: { .now() })
    case .pagerduty(let key, let api):
      PagerDutyChannel(routingKey: key, baseURL: api ?? PagerDutyChannel.usualAPI, http: http, credentials: credentials)
    case .teams(let url): TeamsChannel(url: url, http: http, credentials: credentials)
    case .azureMonitor(let settings): AzureMonitorChannel(settings, http: http, credentials: credentials, clock: { .now() })
    }
  }
}
