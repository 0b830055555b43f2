import Foundation
import HTTPTransport
import Integrations
import Lifecycle
import Testing
import Values

private let resolver = CredentialResolver(environment: [
  "KEY": "good-key", "LIMITED": "limited-key", "DOWN": "down-key", "WRONG": "wrong-key-of-mine", "SECRET": "s3cret & more", "BAD": "no such secret",
  "SLACK": "xoxb-good",
])

private func failure(_ body: (HTTPClient) async throws -> Void) async throws -> ChannelFailure? {
  try await Stub.withClient { http in
    do {
      try await body(http)
      return nil
    } catch let failure as ChannelFailure { return failure }
  }
}

/// An alert that is raised, gets worse, is looked after and is over; and messages that nobody would write.
private func story(_ mark: String) -> [Message] {
  let alert = AlertID(UUID())
  let raised = AlertRaised(
    subject: AlertSubject(rule: "inputs-drifted", monitor: "live", model: "breast-cancer", metric: "drift.share", series: "1", severity: "warning", notify: []),
    value: 0.31, condition: "drift.share at least 0.2", sinceAt: Timestamp(seconds: 1_794_990_000))
  func message(_ state: Message.State, _ severity: Message.Severity) -> Message {
    var message = Message.example("inputs-drifted \(state.word) \(mark)")
    (message.state, message.severity, message.alert, message.about) = (state, severity, alert, raised)
    return message
  }
  var odd = message(.firing, .critical)
  odd.title = "[link](http://evil) *bold* \r\n<at>all</at> \(mark)" + String(repeating: "👩‍👩‍👧", count: 800)
  odd.text = String(repeating: "long & <tag> \u{0} ", count: 5000)
  odd.fields = (0..<200).map { .init("field \($0) \u{1F600}", String(repeating: "välue ", count: 500)) } + [.init("", "")]
  odd.command = String(repeating: "kedge ack ", count: 500)
  var test = Message.example("Kedge reaches ops \(mark)")
  test.state = .test
  return [message(.firing, .warning), message("escalated", .critical), message(.acknowledged, .critical), message(.resolved, .critical), odd, test]
}

private func bodies(_ requests: [JSON], _ mark: String) throws -> [JSON] {
  try requests.compactMap { $0["body"]?.string }.filter { $0.contains(mark) }.map { try JSON(parsing: $0) }
}

/// What `vendors.py` has to say against bodies, by the vendors' own models.
private func faults(_ sent: JSON) async throws -> JSON {
  let (status, text) = try await Python.run([Python.script("vendors.py")], input: sent.description)
  try #require(status == 0, "\(text)")
  return try JSON(parsing: text)
}

@Suite(.enabled(if: Python.has("slack_sdk, adaptive_cards, pagerduty, azure.monitor.ingestion"), "there are no models of vendors; ops/setup installs them"))
struct VendorModelTests {
  @Test func `what Slack gets is what slack_sdk takes`() async throws {
    let mark = "\(UUID())"
    let sent = try await Stub.withClient { http in
      let slack = SlackChannel(token: CredentialReference(.environment("SLACK")), channel: "#a", baseURL: try Stub.url, http: http, credentials: resolver)
      for message in story(mark) { _ = try await slack.send(message, idempotencyKey: "m") }
      return try bodies(try await Stub.requests(to: "/api/chat.postMessage", http), mark)
    }
    #expect(sent.count == 6)
    #expect(try await faults(["slack": .array(sent)]) == [])
  }

  @Test func `what Teams gets is a card by Microsoft's schema, and never too long`() async throws {
    let mark = "\(UUID())"
    let url = try Stub.url + "/workflows/good-secret"
    let sent = try await Stub.withClient { http in
      let credentials = CredentialResolver(environment: ["HOOK": url])
      let teams = TeamsChannel(url: CredentialReference(.environment("HOOK")), http: http, credentials: credentials)
      for message in story(mark) { #expect(try await teams.send(message, idempotencyKey: "m") == Receipt()) }
      return try bodies(try await Stub.requests(to: "/workflows/good-secret", http), mark)
    }
    #expect(sent.count == 6)
    #expect(try await faults(["teams": .array(sent)]) == [])
    let texts = "\(sent)"
    // Rich text knows no markup: what looks like a link stays as it is.
    #expect(texts.contains("[link](http://evil)") && !texts.contains("\"TextBlock\"") && !texts.contains("FactSet"))
  }

  @Test func `what PagerDuty gets is what its own client sends`() async throws {
    let mark = "\(UUID())"
    let messages = story(mark)
    let sent = try await Stub.withClient { http in
      let pagerduty = PagerDutyChannel(routingKey: CredentialReference(.environment("KEY")), baseURL: try Stub.url, http: http, credentials: resolver)
      for message in messages { _ = try await pagerduty.send(message, idempotencyKey: mark) }
      return try await Stub.requests(to: "/v2/enqueue", http).compactMap { $0["body"]?.string }.map { try JSON(parsing: $0) }
        .filter { $0["dedup_key"]?.string == "kedge/\(messages[0].alert!)" || $0["dedup_key"]?.string == "kedge/\(mark)" }
    }
    #expect(sent.map { $0["event_action"]?.string } == ["trigger", "trigger", "acknowledge", "resolve", "trigger", "trigger", "resolve"])
    #expect(sent[0]["payload"]?["severity"] == "warning" && sent[1]["payload"]?["severity"] == "critical" && sent[0]["payload"]?["source"] == "live")
    #expect(sent[0]["payload"]?["custom_details"]?["next"] == "kedge ack 5f1c2a --reason …")
    #expect(try await faults(["pagerduty": .array(sent)]) == [])
  }

  @Test func `what Azure's logs get is what its own client uploads`() async throws {
    let mark = "\(UUID())"
    let sent = try await Stub.withClient { http in
      for message in story(mark) { _ = try await azure(http).send(message, idempotencyKey: mark) }
      let logs = try await Stub.requests(to: "/dataCollectionRules/dcr-1/streams/Custom-Kedge_CL?api-version=2023-01-01", http)
      return logs.filter { $0["body"]?.string?.contains(mark) == true }
    }
    #expect(sent.count == 6)
    #expect(try await faults(["azure_logs": .array(sent)]) == [])
    let first = try JSON(parsing: sent[0]["body"]?.string ?? "")[0]
    #expect(first?["Rule"] == "inputs-drifted" && first?["Value"] == 0.31 && first?["MessageId"]?.string == mark && first?["State"] == "firing")
  }
}

/// Both of Azure Monitor's halves at the stub.
private func azure(_ http: HTTPClient, stream: String = "Custom-Kedge_CL", secret: String = "SECRET", resource: String = "/subscriptions/s/x") throws
  -> AzureMonitorChannel
{
  AzureMonitorChannel(
    AzureMonitorSettings(
      tenant: "tenant", client: "application", secret: CredentialReference(.environment(secret)), login: try Stub.url,
      metrics: .init(region: "westeurope", resource: resource, api: try Stub.url), logs: .init(endpoint: try Stub.url, rule: "dcr-1", stream: stream)),
    http: http, credentials: resolver, clock: { .now() })
}

struct AzureMonitorTests {
  @Test func `metrics bear the time of sending, and say whether the alert fires and what was measured`() async throws {
    let resource = "/subscriptions/\(UUID())/vm"
    let sent = try await Stub.withClient { http in
      for message in story("m")[...3] { _ = try await azure(http, resource: resource).send(message, idempotencyKey: "m") }
      return try await Stub.requests(to: "\(resource)/metrics", http).map { try JSON(parsing: $0["body"]?.string ?? "")["data"]?["baseData"] }
    }
    #expect(sent.map { $0?["metric"]?.string } == Array(repeating: ["Alert Firing", "Alert Value"], count: 4).flatMap { $0 })
    #expect(sent.map { $0?["series"]?[0]?["max"] } == [1, 0.31, 1, 0.31, 1, 0.31, 0, 0.31])
    #expect(sent[0]?["series"]?[0]?["dimValues"] == ["inputs-drifted", "live", "breast-cancer", "warning"])
  }

  @Test func `a wrong secret is final and never said; a limit is kept to; an unknown rule is named`() async throws {
    let message = story("m")[0]
    let wrong = try await failure { _ = try await azure($0, secret: "BAD").send(message, idempotencyKey: "m") }
    #expect(wrong == .final(reason: "Microsoft Entra, asked for a token, answered 401: invalid_client"))
    let limited = try await failure { _ = try await azure($0, stream: "Custom-Limited").send(message, idempotencyKey: "m") }
    #expect(limited == .retryable(after: .seconds(11), reason: "Azure Monitor, asked to take the log, answered 429"))
    let missing = try await failure { _ = try await azure($0, stream: "Custom-Other").send(message, idempotencyKey: "m") }
    #expect(missing == .final(reason: "Azure Monitor, asked to take the log, answered 404: Data collection rule was not found"))
  }
}

struct PagerDutyTests {
  @Test(arguments: [
    ("LIMITED", ChannelFailure.retryable(after: .seconds(40), reason: "PagerDuty answered 429: Requests for this service have exceeded the limit")),
    ("DOWN", .retryable(after: nil, reason: "PagerDuty answered 503")),
    // The answer repeats the key.
    ("WRONG", .final(reason: "PagerDuty answered 400")),
  ])
  func `a limit and a failure are retried, a refusal is final, and no key is said`(key: String, expected: ChannelFailure) async throws {
    let found = try await failure {
      let channel = PagerDutyChannel(routingKey: CredentialReference(.environment(key)), baseURL: try Stub.url, http: $0, credentials: resolver)
      _ = try await channel.send(story("m")[0], idempotencyKey: "m")
    }
    #expect(found == expected)
  }
}

struct TeamsTests {
  @Test(arguments: [
    ("limited-secret", ChannelFailure.retryable(after: .seconds(5), reason: "Teams (env:HOOK) answered 429: {\"error\": {\"code\": \"TooManyRequests\"}}")),
    ("legacy-secret", .retryable(after: nil, reason: "Teams (env:HOOK) answered that the delivery failed")),
    ("wrong-secret", .final(reason: "Teams (env:HOOK) answered 401")),
  ])
  func `a limit is kept to, a 200 that says otherwise is no success, and no URL is said`(path: String, expected: ChannelFailure) async throws {
    let url = try Stub.url + "/workflows/" + path
    let found = try await failure {
      let credentials = CredentialResolver(environment: ["HOOK": url])
      _ = try await TeamsChannel(url: CredentialReference(.environment("HOOK")), http: $0, credentials: credentials).send(story("m")[0], idempotencyKey: "m")
    }
    #expect(found == expected)
  }
}

struct HTTPTemplateTests {
  @Test func `a template takes the body's place, and whatever a message holds stays inside its text`() async throws {
    let path = "/echo/\(UUID())"
    let url = try Stub.url + path
    var message = story("m")[0]
    message.title = "a \"quoted\", {{severity}} \\ \n}{ title"
    let template: JSON = [
      "text": "{{title}} ({{severity}}) {{nothing}}", "value": "{{value}}", "link": "{{link}}", "list": ["{{rule}}", "{{fields}}", 3, true],
      "endpoint": "{{endpoint}}", "in words": "on {{monitor}}{{endpoint}}: {{value}}",
    ]
    try await Stub.withClient { [message] http in
      let channel = HTTPChannel(
        address: .url(url), secret: CredentialReference(.environment("SECRET")),
        template: HTTPTemplate(body: template, headers: ["X-Api-Key": CredentialReference(.environment("KEY"))]), http: http, credentials: resolver,
        clock: { Timestamp(seconds: 1) })
      _ = try await channel.send(message, idempotencyKey: "m7")
      let request = try #require(try await Stub.requests(to: path, http).first)
      let headers = Dictionary((request["headers"]?.array ?? []).map { ($0[0]?.string?.lowercased() ?? "", $0[1]?.string ?? "") }) { $1 }
      #expect(headers["x-api-key"] == "good-key" && headers["idempotency-key"] == "m7" && headers["x-kedge-signature"]?.hasPrefix("v1=") == true)
      let expected: JSON = [
        "text": .string("\(message.title) (warning) {{nothing}}"), "value": 0.31, "link": .string(message.link ?? ""),
        "list": ["inputs-drifted", .array(message.fields.map { ["name": .string($0.name), "value": .string($0.value)] }), 3, true],
        "endpoint": .null, "in words": "on live: 0.31",
      ]
      #expect(try JSON(parsing: request["body"]?.string ?? "") == expected)
    }
  }
}
