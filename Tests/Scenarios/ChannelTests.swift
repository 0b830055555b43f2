import EventLog
import Foundation
import HTTPTransport
import PostgreSQL
import StubServer
import TestSupport
import Testing
import Values

/// From an alert in the log to whoever is told: the real program, a real PostgreSQL, a real Alertmanager.
@Suite struct ChannelTests {
  @Test func `Alertmanager gets an alert, keeps it as long as it fires, sees it get worse, and hears that it is over`() async throws {
    let stub = try StubServer()
    try await Scenario.run { scenario in
      let path = "/echo/\(UUID())"
      let alertmanager = try Alertmanager(in: scenario.directory, webhook: stub.url + path)
      defer { alertmanager.program.end() }
      try await alertmanager.ready()
      try scenario.write(
        "channels.yaml", "kind: Channel\nname: am\nalertmanager: {url: \"\(alertmanager.url)/\", labels: {team: ml}, every: 1s}\n")
      #expect(try await scenario.kedge("apply", "-f", "channels.yaml").status == 0)
      try scenario.worker("projector,notifier")

      let alert = UUID()
      try await scenario.raise(alert, notify: "am")
      try await scenario.waitFor("the alert") { try await alertmanager.active().count == 1 }
      let first = try #require(try await alertmanager.active().first)
      let labels: JSON = [
        "alertname": "inputs-drifted", "severity": "warning", "alert": .string(alert.lowercased), "monitor": "toy-live", "model": "toy", "team": "ml",
      ]
      #expect(first["labels"] == labels && first["startsAt"]?.string?.hasPrefix("2026-01-01T00:00:00") == true)
      #expect(first["annotations"]?["summary"] == "inputs-drifted fires on toy-live")
      #expect(first["annotations"]?["command"]?.string == "kedge describe alert \(alert.lowercased.prefix(8)); kedge ack \(alert.lowercased.prefix(8))")

      // Said again and again, so that it outlasts the four seconds after which it would be over; and nothing of that stands in the log.
      let ends = try #require(first["endsAt"]?.string.flatMap { Timestamp($0) })
      try await scenario.waitFor("what is said again") {
        let now = try await alertmanager.active().first?["endsAt"]?.string.flatMap { Timestamp($0) }
        return now.map { $0 > ends + .seconds(5) } == true
      }
      #expect(try await scenario.count("select count(*) from kedge.event where stream = 'channel/am' and type like 'message_%'") == 2)

      try await scenario.fact("alert_escalated", ["severity": "critical", "reason": "worse"], on: alert)
      try await scenario.waitFor("the escalated alert") { try await alertmanager.active().compactMap { $0["labels"]?["severity"]?.string } == ["critical"] }
      try await scenario.fact("alert_resolved", ["reason": "calm again"], on: alert)
      try await scenario.waitFor("the end") { try await alertmanager.active().isEmpty }
      try await scenario.waitFor("what Alertmanager told others") {
        let told = try await alertmanager.requests(stub.url, path).flatMap { $0["alerts"]?.array ?? [] }
        let states = told.map { "\($0["status"]?.string ?? "") \($0["labels"]?["severity"]?.string ?? "")" }
        return ["firing warning", "firing critical", "resolved critical"].allSatisfy { states.contains($0) }
      }
      // Nothing that is said again brings back what is over.
      let pid = try #require(try await scenario.value("select token::text from kedge.lease where kind = 'resend'"))
      try await scenario.waitFor("two more rounds", sql: "select 1 from kedge.lease where kind = 'resend' and token > \(pid)::bigint")
      #expect(try await alertmanager.active().isEmpty)
      try await scenario.verify()
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["KEDGE_TEST_PYTHON"] != nil, "there is no aiosmtpd; ops/setup installs it"))
  func `data that drift become a mail that shows how, and what is done about it`() async throws {
    try await Scenario.run { scenario in
      let port = try scenario.startMailServer()
      let declared = try #require(scenario.read("kedge.yaml")).replacing("severity: warning", with: "severity: warning\nnotify: [mail]")
      try scenario.write(
        "kedge.yaml",
        declared + "\n---\nkind: Channel\nname: mail\n"
          + "email: {server: \"smtp://127.0.0.1:\(port)\", starttls: false, from: \"Kedge <kedge@example.com>\", to: [on-call@example.com]}\n")
      let applied = try await scenario.kedge("apply", "-f", "kedge.yaml")
      #expect(applied.status == 0, "\(applied.err)")
      try scenario.worker("projector,scheduler,measurer,notifier")
      for number in 1...2 { try scenario.write("incoming/w\(number).csv", Scenario.window(rows: 200, seed: UInt64(number), shift: 0.5)) }
      try await scenario.waitFor("the mail") { scenario.read("mails/1.json") != nil }
      let mail = try JSON(parsing: try #require(scenario.read("mails/1.json")))
      #expect(mail["defects"] == [] && mail["to"] == ["on-call@example.com"])
      let subject = mail["headers"]?.array?.first { $0[0] == "Subject" }?[1]?.string
      #expect(subject == "[WARNING · FIRING] inputs-drifted fires on toy-live")
      let text = try #require(mail["parts"]?[0]?["text"]?.string)
      #expect(text.contains("x: reference, and this window") && text.contains("response   retrain toy-retrain") && text.contains("drifted    x"), "\(text)")
      let html = try #require(mail["parts"]?[1]?["text"]?.string)
      // Bars of both sides, no picture that would have to be loaded.
      #expect(html.components(separatedBy: "bgcolor=\"#d9822b\"").count > 5 && html.components(separatedBy: "bgcolor=\"#a9b4bf\"").count > 5)
      try await scenario.waitFor("the receipt", sql: "select 1 from kedge.message where channel = 'mail' and receipt ->> 'message' like '%@example.com>'")
    }
  }

  @Test func `a channel that is down loses nothing, floods nobody, and keeps the order of each alert`() async throws {
    try await Scenario.run { scenario in
      try await scenario.receiver(named: "hook")
      try scenario.write("mode", "down")
      try scenario.worker("projector,notifier")
      let alerts = (0..<6).map { _ in UUID() }
      for alert in alerts { try await scenario.raise(alert, notify: "hook") }
      try await scenario.waitFor("six failures", sql: "select 1 from kedge.message where attempts > 0 having count(*) = 6")
      for alert in alerts[..<4] {
        try await scenario.fact("alert_escalated", ["severity": "critical", "reason": "worse"], on: alert)
        try await scenario.fact("alert_resolved", ["reason": "calm"], on: alert)
      }
      try await scenario.waitFor("all messages", sql: "select 1 from kedge.message having count(*) = 14")
      try scenario.write("mode", "ok")
      // The longer it was down, the longer a message waits for its next attempt.
      try await scenario.waitFor(
        "the end of it", within: .seconds(1200), sql: "select 1 from kedge.message where status in ('sent', 'folded') having count(*) = 14")

      let received = try scenario.received()
      // One about each alert: of those that came and went, that they did.
      #expect(received.count == 6 && Set(received.compactMap { $0["key"]?.string }).count == 6)
      for (index, alert) in alerts.enumerated() {
        let own = received.filter { $0["command"]?.string?.contains(alert.lowercased.prefix(8)) == true }
        #expect(own.map { $0["state"]?.string } == [index < 4 ? "resolved" : "firing"])
        guard index < 4 else { continue }
        #expect(
          own.first?["text"]?.string == "calm\nNot told before, because the channel could not be reached: inputs-drifted fires on toy-live; "
            + "inputs-drifted is critical now on toy-live")
      }
      #expect(try await scenario.count("select count(*) from kedge.message where status = 'folded'") == 8)
      #expect(try await scenario.count("select count(*) from kedge.message where status = 'sent'") == 6)
      try await scenario.verify()
    }
  }

  @Test func `after an outage people are told together of the alerts that came and went meanwhile`() async throws {
    try await Scenario.run { scenario in
      let port = try scenario.startReceiver()
      try scenario.write("url", "http://127.0.0.1:\(port)/")
      try scenario.write("channels.yaml", "kind: Channel\nname: room\nteams: {url: \"file:url\"}\n")
      let applied = try await scenario.kedge("apply", "-f", "channels.yaml")
      #expect(applied.status == 0, "\(applied.err)")
      try scenario.write("mode", "down")
      try scenario.worker("projector,notifier")
      let alerts = (0..<30).map { _ in UUID() }
      for alert in alerts {
        try await scenario.raise(alert, notify: "room")
        if alert != alerts[29] { try await scenario.fact("alert_resolved", ["reason": "calm"], on: alert) }
      }
      try await scenario.waitFor(
        "what waits to be one message", within: .seconds(600), sql: "select 1 from kedge.message where status = 'folded' having count(*) = 58")
      #expect(try scenario.received().isEmpty)
      try scenario.write("mode", "ok")
      try await scenario.waitFor(
        "the end of it", within: .seconds(1200), sql: "select 1 from kedge.message where status in ('sent', 'folded') having count(*) = 59")
      let received = try scenario.received()
      // Those that were on their way when it came back arrive besides.
      #expect((1...4).contains(received.count))
      #expect(try await scenario.count("select count(*) from kedge.message where status = 'sent'") == 1)
      let text = received.last?.description ?? ""
      #expect(text.contains("Not told before, because the channel could not be reached: 38 more, then inputs-drifted"), "\(text)")
      #expect(text.contains("kedge ack \(alerts[29].lowercased.prefix(8))"), "\(text)")
      try await scenario.verify()
    }
  }

  @Test func `a channel is tried by hand; what it refused is kept with the reason, and sent again on demand in its order`() async throws {
    try await Scenario.run { scenario in
      try await scenario.receiver(named: "hook")
      #expect(try await scenario.kedge("channel", "test", "nowhere").status == 5)
      let alone = try await scenario.kedge("channel", "test", "hook", "--wait=1s")
      #expect(alone.status == 7 && alone.err.contains("no worker with the role notifier has sent it"), "\(alone.err)")
      try scenario.worker("projector,notifier")
      let good = try await scenario.kedge("channel", "test", "hook", "--reason", "new here", as: "ann")
      #expect(good.status == 0 && good.out == "channel hook took the message\n", "\(good.out)\(good.err)")
      let told = try scenario.received().filter { $0["text"] == "ann tries this channel. Nobody needs to do anything." }
      #expect(told.map { $0["state"] } == ["test"] && told.first?["title"] == "Kedge reaches hook")

      try scenario.write("mode", "refuse")
      let bad = try await scenario.kedge("channel", "test", "hook")
      #expect(bad.status == 1 && bad.err == "kedge: channel hook did not take the message: the server answered 404\n", "\(bad.err)")

      let (over, open) = (UUID(), UUID())
      for alert in [over, open] { try await scenario.raise(alert, notify: "hook") }
      try await scenario.fact("alert_resolved", ["reason": "calm"], on: over)
      try await scenario.waitFor("the refusals", sql: "select 1 from kedge.message where status = 'abandoned' and state <> 'test' having count(*) = 3")
      #expect(try await scenario.value("select distinct failure from kedge.message where alert is not null") == "the server answered 404")
      try scenario.write("mode", "ok")
      let plan = try await scenario.kedge("channel", "redrive", "--dry-run", "-o", "json")
      #expect(try plan.json()["events"]?.array?.map { $0["type"]?.string } == Array(repeating: "message_redriven", count: 3), "\(plan.out)\(plan.err)")
      let before = try scenario.received().count
      let redriven = try await scenario.kedge("channel", "redrive", "hook", "--reason", "mended", as: "ann")
      #expect(redriven.status == 0 && redriven.out == "3 messages are sent again\n", "\(redriven.out)\(redriven.err)")
      try await scenario.waitFor("what is sent again", sql: "select 1 from kedge.message where status = 'sent' and state <> 'test' having count(*) = 3")
      let again = try scenario.received()[before...].map {
        "\($0["command"]?.string?.contains(over.lowercased.prefix(8)) == true) \($0["state"]?.string ?? "")"
      }
      #expect(again.filter { $0.hasPrefix("true") } == ["true firing", "true resolved"] && again.count == 3)
      #expect(try await scenario.kedge("channel", "redrive", "hook").out == "nothing to do\n")
      #expect(try await scenario.kedge("channel", "redrive", "hook", "--message", UUID().uuidString).status == 5)
      try await scenario.verify()
    }
  }
}

extension Scenario {
  /// Appends a fact about an alert, as any program may.
  func fact(_ type: String, _ data: JSON, on alert: UUID) async throws {
    try await EventStore(client).append([NewEvent(type: type, data: data)], to: StreamName("alert/\(alert.lowercased)"), by: Attribution(actor: "a script"))
  }

  func raise(_ alert: UUID, notify channel: String) async throws {
    try await fact(
      "alert_raised",
      [
        "subject": ["rule": "inputs-drifted", "monitor": "toy-live", "model": "toy", "severity": "warning", "notify": [.string(channel)]],
        "condition": "drift.share at least 0.5", "since_at": "2026-01-01T00:00:00Z", "drifted_columns": [],
      ], on: alert)
  }

  /// Puts a receiver beside the scenario, and declares a channel to it.
  func receiver(named name: String) async throws {
    let port = try startReceiver()
    try write("channels.yaml", "kind: Channel\nname: \(name)\nhttp: {url: \"http://127.0.0.1:\(port)/\"}\n")
    let applied = try await kedge("apply", "-f", "channels.yaml")
    #expect(applied.status == 0, "\(applied.err)")
  }

  /// What came in, in its order.
  func received() throws -> [JSON] { try (read("received") ?? "").split(separator: "\n").map { try JSON(parsing: String($0)) } }
}

/// Alertmanager, in a hurry, which tells a webhook of everything.
private struct Alertmanager {
  let program: Background
  let url: String
  private let http: HTTPClient

  init(in directory: String, webhook: String) throws {
    let address = "127.0.0.1:\(Background.freePort())"
    url = "http://\(address)"
    http = try HTTPClient()
    let configuration = """
      route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
      receivers: [{name: hook, webhook_configs: [{url: "\(webhook)", send_resolved: true}]}]
      """
    let folder = URL(filePath: directory)
    try Data(configuration.utf8).write(to: folder.appending(path: "alertmanager.yml"))
    program = try Background(
      "prometheus-alertmanager", "--config.file=\(directory)/alertmanager.yml", "--storage.path=\(directory)/alerts", "--web.listen-address=\(address)",
      "--cluster.listen-address=", in: folder)
  }

  private func get(_ url: String) async throws -> JSON? {
    guard let response = try? await http.send(HTTPRequest(.get, url)), response.isSuccess else { return nil }
    return try? JSON(parsing: response.body)
  }

  func ready() async throws {
    let isReady = try await eventually(within: .seconds(60)) { try await get("\(url)/api/v2/status") != nil }
    try #require(isReady, "\(program.text)")
  }

  /// The alerts that it holds for firing.
  func active() async throws -> [JSON] { try await get("\(url)/api/v2/alerts")?.array ?? [] }

  /// The bodies that came in at the stub's path.
  func requests(_ stub: String, _ path: String) async throws -> [JSON] {
    (try await get("\(stub)/_requests")?.array ?? []).filter { $0["path"]?.string == path }.compactMap { try? JSON(parsing: $0["body"]?.string ?? "") }
  }
}
