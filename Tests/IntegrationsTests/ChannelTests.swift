import Foundation
import HTTPTransport
import Integrations
import Lifecycle
import StubServer
import Testing
import Values

/// A server that checks what it gets as Slack would, and a client.
enum Stub {
  static let server = Result { try StubServer() }
  static var url: String { get throws { try server.get().url } }

  static func withClient<Value>(_ body: (HTTPClient) async throws -> Value) async throws -> Value {
    let client = try HTTPClient()
    defer { client.close() }
    return try await body(client)
  }

  /// What came in at `path`, as the server recorded it.
  static func requests(to path: String, _ client: HTTPClient) async throws -> [JSON] {
    let all = try JSON(parsing: try await client.send(HTTPRequest(.get, "\(try url)/_requests")).body)
    return (all.array ?? []).filter { $0["path"]?.string == path }
  }
}

extension Message {
  static func example(_ title: String = "inputs-drifted fires for breast-cancer-live") -> Message {
    Message(
      title: title, severity: .warning, state: .firing, text: "3 of 30 columns drifted: <mean radius> & kin",
      fields: [Field("drift share", "0.31"), Field("since", "2026-11-23T06:00:00Z")], link: "https://kedge.example/alerts/5f1c?a=1&b=2|3",
      command: "kedge ack 5f1c2a --reason …", occurredAt: Timestamp(seconds: 1_795_000_000))
  }
}

private let resolver = CredentialResolver(environment: [
  "GOOD": "xoxb-good", "BAD": "xoxb-bad", "LIMITED": "xoxb-limited", "LIMITED_200": "xoxb-limited-200", "DOWN": "xoxb-down", "REVOKED": "xoxb-revoked",
  "BROKEN": "xoxb-broken",
])

private func refusal(_ body: () async throws -> Void) async throws -> ChannelFailure {
  do { try await body() } catch let failure as ChannelFailure { return failure }
  throw Unexpected.success
}

private enum Unexpected: Error { case success }

extension ChannelFailure {
  fileprivate var isFinal: Bool { if case .final = self { true } else { false } }
  fileprivate var after: Duration? { if case .retryable(let after, _) = self { after } else { nil } }
}

struct SlackTests {
  private func slack(_ token: String, _ http: HTTPClient, channel: String = "#model-monitoring") throws -> SlackChannel {
    SlackChannel(token: CredentialReference(.environment(token)), channel: channel, baseURL: try Stub.url, http: http, credentials: resolver)
  }

  @Test func `a message is accepted and its receipt threads the next one`() async throws {
    try await Stub.withClient { http in
      let title = "thread \(UUID())"
      let receipt = try await slack("GOOD", http).send(.example(title), idempotencyKey: "m1")
      #expect(receipt.conversation == "C0123456")
      #expect(receipt.message?.hasPrefix("1700000000.") == true)
      #expect(Receipt(json: receipt.json) == receipt)
      var next = Message.example(title + " is over")
      next.state = .resolved
      next.thread = receipt
      _ = try await slack("GOOD", http).send(next, idempotencyKey: "m2")
      let bodies = try await Stub.requests(to: "/api/chat.postMessage", http).compactMap { try JSON(parsing: $0["body"]?.string ?? "") }
        .filter { $0["text"]?.string?.contains(title) == true }
      #expect(bodies.map { $0["channel"]?.string } == ["#model-monitoring", "C0123456"])
      #expect(bodies.map { $0["thread_ts"]?.string } == [nil, receipt.message])
      #expect(bodies.map { $0["metadata"]?["event_payload"]?["idempotency_key"]?.string } == ["m1", "m2"])
      let updates = try await Stub.requests(to: "/api/chat.update", http).compactMap { try JSON(parsing: $0["body"]?.string ?? "") }
        .filter { $0["text"]?.string?.contains(title) == true }
      #expect(updates.map { $0["ts"]?.string } == [receipt.message] && updates.map { $0["channel"]?.string } == ["C0123456"])
      #expect(updates.first?["blocks"] == bodies.last?["blocks"])
    }
  }

  @Test func `what got worse is shown in the channel, and a first message that is gone keeps nothing from its thread`() async throws {
    try await Stub.withClient { http in
      var message = Message.example("worse \(UUID())")
      message.state = "escalated"
      message.thread = Receipt(conversation: "C0123456", message: "gone")
      let receipt = try await slack("GOOD", http).send(message, idempotencyKey: "m")
      #expect(receipt.message != nil)
      let body = try #require(try await Stub.requests(to: "/api/chat.postMessage", http).first { $0["body"]?.string?.contains(message.title) == true })
      #expect(try JSON(parsing: body["body"]?.string ?? "")["reply_broadcast"] == true)
    }
  }

  @Test func `blocks read as they should`() async throws {
    try await Stub.withClient { http in
      let title = "blocks \(UUID())"
      _ = try await slack("GOOD", http).send(.example(title), idempotencyKey: "m")
      let request = try #require(try await Stub.requests(to: "/api/chat.postMessage", http).first { $0["body"]?.string?.contains(title) == true })
      let body = try JSON(parsing: request["body"]?.string ?? "")
      let expected: JSON = [
        ["type": "header", "text": ["type": "plain_text", "text": ":warning: \(title)", "emoji": true]],
        ["type": "section", "text": ["type": "mrkdwn", "text": "3 of 30 columns drifted: &lt;mean radius&gt; &amp; kin"]],
        [
          "type": "section",
          "fields": [["type": "mrkdwn", "text": "*drift share*\n0.31"], ["type": "mrkdwn", "text": "*since*\n2026-11-23T06:00:00Z"]],
        ],
        ["type": "section", "text": ["type": "mrkdwn", "text": "Next: ```kedge ack 5f1c2a --reason …```"]],
        [
          "type": "context",
          "elements": [
            [
              "type": "mrkdwn",
              "text": "warning · firing · 2026-11-18T11:06:40Z · <https://kedge.example/alerts/5f1c?a=1&amp;b=2%7C3|more>",
            ]
          ],
        ],
      ]
      #expect(body["blocks"] == expected)
      #expect(body["text"] == "\(":warning: " + title): 3 of 30 columns drifted: &lt;mean radius&gt; &amp; kin")
    }
  }

  @Test func `whatever is long, empty or hostile is cut to what Slack takes`() async throws {
    var messages: [Message] = []
    for text in ["", " ", String(repeating: "<&>", count: 4000), String(repeating: "👩‍👩‍👧", count: 2000), "```\n*_~`<@U123>", "é\u{301}\0x"] {
      messages.append(Message(title: "t" + text, severity: .critical, state: "rolled_back", text: text, occurredAt: Timestamp(seconds: 0)))
      var message = Message.example("f" + text)
      message.fields = (0..<75).map { Message.Field($0 == 3 ? "" : "\($0)" + text, $0 == 4 ? "" : text) }
      message.command = text
      message.link = "https://example.com/" + text
      messages.append(message)
    }
    let sent = messages
    try await Stub.withClient { http in
      for message in sent { _ = try await slack("GOOD", http).send(message, idempotencyKey: "m") }
    }
  }

  @Test(arguments: [("BAD", "invalid_auth"), ("REVOKED", "token_revoked; make a new token")])
  func `a refusal with status 200 is final and says why`(token: String, why: String) async throws {
    let failure = try await Stub.withClient { http in try await refusal { _ = try await slack(token, http).send(.example(), idempotencyKey: "m") } }
    #expect(failure.isFinal)
    #expect("\(failure)".contains("Slack refused the message for #model-monitoring: \(why)"))
    #expect(!"\(failure)".contains("xoxb"))
  }

  @Test func `a channel that does not exist is final and says what to do`() async throws {
    let failure = try await Stub.withClient { http in
      try await refusal { _ = try await slack("GOOD", http, channel: "#nowhere").send(.example(), idempotencyKey: "m") }
    }
    #expect("\(failure)".hasPrefix("Slack refused the message for #nowhere: channel_not_found; check its name"))
    #expect(failure.isFinal)
  }

  @Test(arguments: [("LIMITED", Duration.seconds(30)), ("LIMITED_200", nil), ("DOWN", nil), ("BROKEN", nil)])
  func `a limit and a failure of Slack's are retried`(token: String, after: Duration?) async throws {
    let failure = try await Stub.withClient { http in try await refusal { _ = try await slack(token, http).send(.example(), idempotencyKey: "m") } }
    #expect(!failure.isFinal)
    #expect(failure.after == after)
  }

  @Test func `a missing token is retried and named`() async throws {
    let failure = try await Stub.withClient { http in try await refusal { _ = try await slack("MISSING", http).send(.example(), idempotencyKey: "m") } }
    #expect(!failure.isFinal)
    #expect("\(failure)".hasPrefix("env:MISSING: the variable is not set"))
  }

  @Test func `a connection that fails is retried`() async throws {
    let failure = try await Stub.withClient { http in
      try await refusal {
        let slack = SlackChannel(
          token: CredentialReference(.environment("GOOD")), channel: "#a", baseURL: "http://127.0.0.1:1", http: http, credentials: resolver)
        _ = try await slack.send(.example(), idempotencyKey: "m")
      }
    }
    #expect(!failure.isFinal)
    #expect("\(failure)".contains("http://127.0.0.1:1"))
  }
}

struct SlackWebhookTests {
  private func send(_ path: String) async throws -> Receipt {
    let url = try Stub.url + path
    return try await Stub.withClient { http in
      let credentials = CredentialResolver(environment: ["HOOK": url])
      let channel = SlackWebhookChannel(url: CredentialReference(.environment("HOOK")), http: http, credentials: credentials)
      return try await channel.send(.example(), idempotencyKey: "m")
    }
  }

  @Test func `a body of exactly ok is a success without a receipt`() async throws {
    #expect(try await send("/services/T000/B000/SECRET") == Receipt())
  }

  @Test func `any other body is none, even with status 200`() async throws {
    let failure = try await refusal { _ = try await send("/services/T000/B000/ok-but-html") }
    #expect(failure.isFinal)
    #expect("\(failure)".hasPrefix("env:HOOK: answered 200 with 20 bytes that are not \"ok\""))
  }

  @Test func `a refusal is final, a failure of Slack's is retried, and neither shows the URL`() async throws {
    let refused = try await refusal { _ = try await send("/services/T000/B000/WRONG") }
    #expect(refused == .final(reason: "Slack's webhook (env:HOOK) answered 403: invalid_token"))
    let down = try await refusal { _ = try await send("/services/T000/B000/down") }
    #expect(down == .retryable(after: nil, reason: "Slack's webhook (env:HOOK) answered 500: rollup_error"))
  }

  @Test func `a webhook that cannot be reached shows no more than its host`() async throws {
    let failure = try await Stub.withClient { http in
      try await refusal {
        let credentials = CredentialResolver(environment: ["HOOK": "http://127.0.0.1:1/services/T000/B000/SECRET"])
        _ = try await SlackWebhookChannel(url: CredentialReference(.environment("HOOK")), http: http, credentials: credentials)
          .send(.example(), idempotencyKey: "m")
      }
    }
    #expect(!failure.isFinal)
    #expect("\(failure)".hasPrefix("POST http://127.0.0.1:1/…: "))
  }
}

struct HTTPChannelTests {
  private let credentials = CredentialResolver(environment: ["KEY": "It's a Secret to Everybody", "TOKEN": "t0ken-of-mine"])

  private func channel(_ path: String, _ http: HTTPClient, signed: Bool = true) throws -> HTTPChannel {
    HTTPChannel(
      address: .url(try Stub.url + path), secret: signed ? CredentialReference(.environment("KEY")) : nil, bearer: CredentialReference(.environment("TOKEN")),
      http: http, credentials: credentials, clock: { Timestamp(microseconds: 1_795_000_000_999_999) })
  }

  @Test func `the body is as documented and the signature can be checked by anybody`() async throws {
    try await Stub.withClient { http in
      let path = "/echo/\(UUID())"
      var message = Message.example()
      message.thread = Receipt(message: "earlier")
      _ = try await channel(path, http).send(message, idempotencyKey: "message-7")
      let request = try #require(try await Stub.requests(to: path, http).first)
      let headers = Dictionary((request["headers"]?.array ?? []).map { ($0[0]?.string?.lowercased() ?? "", $0[1]?.string ?? "") }) { $1 }
      #expect(headers["idempotency-key"] == "message-7")
      #expect(headers["x-kedge-timestamp"] == "1795000000")
      #expect(headers["authorization"] == "Bearer t0ken-of-mine")
      let body = try #require(request["body"]?.string)
      #expect(
        try JSON(parsing: body) == [
          "id": "message-7", "title": "inputs-drifted fires for breast-cancer-live", "severity": "warning", "state": "firing",
          "text": "3 of 30 columns drifted: <mean radius> & kin",
          "fields": [["name": "drift share", "value": "0.31"], ["name": "since", "value": "2026-11-23T06:00:00Z"]],
          "link": "https://kedge.example/alerts/5f1c?a=1&b=2|3", "command": "kedge ack 5f1c2a --reason …", "occurred_at": "2026-11-18T11:06:40Z",
          "thread": "earlier",
        ])
      let check = "import hmac, sys; print('v1=' + hmac.new(sys.argv[1].encode(), (sys.argv[2] + '.' + sys.argv[3]).encode(), 'sha256').hexdigest())"
      let python = Process()
      python.executableURL = URL(filePath: "/usr/bin/env")
      python.arguments = ["python3", "-c", check, "It's a Secret to Everybody", "1795000000", body]
      let output = Pipe()
      python.standardOutput = output
      try python.run()
      let expected = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(headers["x-kedge-signature"] == expected.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  @Test func `without a secret there is no signature`() async throws {
    try await Stub.withClient { http in
      let path = "/echo/\(UUID())"
      _ = try await channel(path, http, signed: false).send(.example(), idempotencyKey: "m")
      let request = try #require(try await Stub.requests(to: path, http).first)
      #expect(!"\(request["headers"] ?? .null)".lowercased().contains("x-kedge"))
    }
  }

  @Test(arguments: [429, 500, 502, 503, 408, 425])
  func `what may pass is retried, when the server says`(status: Int) async throws {
    let failure = try await Stub.withClient { http in
      try await refusal { _ = try await channel("/status/\(status)?retry-after=9", http).send(.example(), idempotencyKey: "m") }
    }
    #expect(failure == .retryable(after: .seconds(9), reason: "the server answered \(status)"))
  }

  @Test(arguments: [400, 401, 404, 410, 422])
  func `other refusals are final and say why`(status: Int) async throws {
    let failure = try await Stub.withClient { http in
      try await refusal { _ = try await channel("/status/\(status)?body=no%20such%0Ateam", http).send(.example(), idempotencyKey: "m") }
    }
    #expect(failure == .final(reason: "the server answered \(status): no such team"))
  }

  @Test func `a redirect is final and says what to give instead`() async throws {
    let failure = try await Stub.withClient { http in
      try await refusal { _ = try await channel("/redirect?to=/echo", http).send(.example(), idempotencyKey: "m") }
    }
    #expect(failure == .final(reason: "the server answered 302: elsewhere; redirects are not followed, so give the final URL"))
  }

  @Test(arguments: ["cannot POST /status/404", "bad key: It's a Secret to Everybody", "token t0ken-of-mine"])
  func `an answer that repeats a secret is not repeated`(body: String) async throws {
    let query = try #require(body.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
    let failure = try await Stub.withClient { http in
      try await refusal { _ = try await channel("/status/404?body=\(query)", http).send(.example(), idempotencyKey: "m") }
    }
    #expect(failure == .final(reason: "the server answered 404"))
  }

  @Test func `an address may be a reference`() throws {
    #expect(HTTPChannel.Address("env:HOOK") == .secret(CredentialReference(.environment("HOOK"))))
    #expect(HTTPChannel.Address("file:secrets/hook") == .secret(CredentialReference(.file("secrets/hook"))))
    #expect(HTTPChannel.Address("https://example.com") == .url("https://example.com"))
  }

  @Test(arguments: ["env:1HOOK", "file:", "file:/run/h\0ok", ""])
  func `an address that is neither a reference nor a URL is final`(address: String) async throws {
    let failure = try await Stub.withClient { http in
      try await refusal {
        let channel = HTTPChannel(address: .init(address), secret: nil, http: http, credentials: credentials, clock: { Timestamp(microseconds: 0) })
        _ = try await channel.send(.example(), idempotencyKey: "m")
      }
    }
    #expect(failure.isFinal)
  }

  @Test func `a flaky server accepts in the end`() async throws {
    try await Stub.withClient { http in
      let flaky = try channel("/flaky/\(UUID())?failures=2", http)
      var failures = 0
      while failures < 5 {
        do {
          _ = try await flaky.send(.example(), idempotencyKey: "m")
          break
        } catch { failures += 1 }
      }
      #expect(failures == 2)
    }
  }
}
