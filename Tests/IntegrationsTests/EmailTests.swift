import Foundation
import HTTPTransport
import Lifecycle
import Testing
import Values

@testable import Integrations

/// Against aiosmtpd, with Python's own parser of mails.
@Suite(.enabled(if: Python.has("aiosmtpd"), "there is no aiosmtpd; ops/setup installs it")) struct EmailTests {
  /// Who gets the mails of this test, and no other.
  private let me = "\(UUID().uuidString.lowercased())@example.com"
  private let credentials = CredentialResolver(environment: ["PASSWORD": "let me in", "WRONG": "open sesame"])

  private func settings(
    _ server: MailServer, password: String = "PASSWORD", to: [String]? = nil, from: String = "Kedge <kedge@example.com>"
  ) -> EmailSettings {
    let to = to ?? [me]
    guard let certificate = server.certificate else {
      return EmailSettings(server: server.url.replacing("localhost", with: "127.0.0.1"), starttls: false, from: from, to: to)
    }
    return EmailSettings(
      server: server.url, user: "kedge", password: CredentialReference(.environment(password)), certificateAuthority: certificate, from: from, to: to)
  }

  private func send(_ message: Message, _ settings: EmailSettings, key: String = "5f1c2a00-0000-4000-8000-000000000001") async throws -> Receipt {
    try await Stub.withClient { http in
      try await EmailChannel(settings, http: http, credentials: credentials).send(message, idempotencyKey: key)
    }
  }

  private func failure(_ message: Message, _ settings: EmailSettings) async throws -> ChannelFailure? {
    do {
      _ = try await send(message, settings)
      return nil
    } catch let failure as ChannelFailure { return failure }
  }

  static func alert(_ title: String = "inputs-drifted fires on breast-cancer-live") -> Message {
    var message = Message.example(title)
    message.alert = AlertID(UUID(uuidString: "0a1b2c3d-0000-4000-8000-000000000001")!)
    message.about = AlertRaised(
      subject: AlertSubject(
        rule: "inputs-drifted", monitor: "breast-cancer-live", model: "breast-cancer", metric: "drift.share", severity: "warning", notify: []),
      value: 0.31, condition: "drift.share at least 0.2", sinceAt: Timestamp(seconds: 1_794_990_000), driftedColumns: ["mean radius"])
    message.fields = [
      .init("condition", "drift.share at least 0.2"), .init("value", "0.31"), .init("since", "2026-11-18T08:20:00Z"), .init("model", "breast-cancer"),
      .init("drifted", "mean radius, mean area, worst concavity and 4 more"),
      .init("done", "asked for: retrain breast-cancer-retrain; run 77b0c2f1 of breast-cancer-retrain was asked for"),
    ]
    message.command = "kedge describe alert 0a1b2c3d; kedge ack 0a1b2c3d"
    message.link = nil
    message.picture = Message.Picture(
      column: "mean radius",
      histogram: ColumnHistogram(
        edges: (0...20).map { 7 + Double($0) }, reference: [1, 2, 5, 9, 14, 17, 15, 11, 8, 5, 4, 3, 2, 1.5, 1, 0.5, 0.5, 0.3, 0.2, 0].map { $0 / 100 },
        current: [0, 0.5, 1, 2, 4, 6, 9, 12, 14, 14, 11, 8, 6, 4, 3, 2, 1.5, 1, 0.6, 0.4].map { $0 / 100 }))
    return message
  }

  private func header(_ mail: JSON, _ name: String) -> String? { mail["headers"]?.array?.first { $0[0]?.string == name }?[1]?.string }

  @Test func `a mail goes out over STARTTLS, signed in, and Python's parser has nothing to say against it`() async throws {
    let server = try await MailServer.shared(isSecure: true)
    let receipt = try await send(Self.alert(), settings(server))
    let mail = try #require(try server.received(me).first)
    #expect(mail["defects"] == [] && mail["bare"] == 0)
    #expect(mail["tls"] == true && mail["user"] == "kedge")
    #expect(mail["from"] == "kedge@example.com" && mail["to"] == [.string(me)])
    #expect(mail["from_name"] == "Kedge" && mail["from_address"] == "kedge@example.com")
    #expect(header(mail, "Subject") == "[WARNING · FIRING] inputs-drifted fires on breast-cancer-live")
    #expect(header(mail, "Date") == "Wed, 18 Nov 2026 11:06:40 +0000")
    #expect(header(mail, "Message-ID") == "<kedge.5f1c2a00-0000-4000-8000-000000000001@example.com>" && receipt.message == header(mail, "Message-ID"))
    #expect(header(mail, "Auto-Submitted") == "auto-generated" && header(mail, "X-Kedge-Alert") == "0a1b2c3d-0000-4000-8000-000000000001")
    #expect(mail["type"] == "multipart/alternative")
    #expect(mail["parts"]?.array?.map { $0["type"]?.string } == ["text/plain", "text/html"])
    #expect((mail["longest"]?.integer ?? 999) <= 78)
    let text = try #require(mail["parts"]?[0]?["text"]?.string)
    for said in [
      "WARNING · FIRING", "3 of 30 columns drifted: <mean radius> & kin", "since      2026-11-18T08:20:00Z", "retrain breast-cancer-retrain",
      "kedge ack 0a1b2c3d", "mean radius: reference, and this window", "11 to 12",
    ] { #expect(text.contains(said), "\(said) in \(text)") }
    let html = try #require(mail["parts"]?[1]?["text"]?.string)
    #expect(html.contains("3 of 30 columns drifted: &lt;mean radius&gt; &amp; kin") && !html.contains("<svg") && !html.contains("<img"))
  }

  @Test func `what follows answers the first mail, and a twin has the same id`() async throws {
    let server = try await MailServer.shared(isSecure: true)
    let first = try await send(Self.alert(), settings(server), key: "m1")
    var next = Self.alert("inputs-drifted is resolved on breast-cancer-live")
    next.state = .resolved
    next.thread = first
    for _ in 1...2 { _ = try await send(next, settings(server), key: "m2") }
    let mails = try server.received(me)
    #expect(mails.map { header($0, "Message-ID") } == ["<kedge.m1@example.com>", "<kedge.m2@example.com>", "<kedge.m2@example.com>"])
    #expect(mails.map { header($0, "References") } == [nil, first.message, first.message])
    #expect(header(mails[1], "Subject") == "[RESOLVED] inputs-drifted is resolved on breast-cancer-live")
  }

  static let hostile = [
    "\r\nBcc: victim@example.com\r\n\r\nbody", "\nX-Injected: yes", "\r", "a\u{0}b\u{1b}[31m", "\u{2028}Subject: other\u{85}", "=?UTF-8?B?SGVsbG8=?=",
    "\u{202E}moc.elpmaxe", String(repeating: "ä", count: 500), String(repeating: "x", count: 5000), "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", ".\r\n.\r\nMAIL FROM:<a@b.c>",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "--=_kedge_\r\n",
  ]

  @Test(arguments: hostile) func `whatever a name holds, it makes no header, no line of SMTP and no element`(text: String) async throws {
    let server = try await MailServer.shared(isSecure: false)
    var message = Self.alert("rule \(text) fires")
    message.text = text
    message.fields = [.init("name \(text)", text)]
    message.command = "kedge ack \(text)"
    message.state = .init(text)
    message.thread = Receipt(message: "<kedge.x\(text)@example.com>")
    message.picture = Message.Picture(
      column: text, histogram: ColumnHistogram(categories: [text, ""], reference: [0.4, 0.6], current: [0.9, 0.1]))
    _ = try await send(message, settings(server), key: "m\(text)")
    let mails = try server.received(me)
    #expect(mails.count == 1)
    let mail = try #require(mails.first)
    #expect(mail["defects"] == [] && mail["bare"] == 0, "\(mail["defects"] ?? .null)")
    #expect(mail["to"] == [.string(me)])
    let known = [
      "Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "X-Kedge-Alert", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version",
      "Content-Type",
    ]
    let names = (mail["headers"]?.array ?? []).compactMap { $0[0]?.string }
    #expect(Set(names).isSubset(of: known))
    #expect(header(mail, "Subject")?.contains(where: { $0.isNewline }) == false && (header(mail, "Subject")?.count ?? 999) <= 200)
    #expect((mail["longest"]?.integer ?? 9999) <= 100)
    #expect(mail["parts"]?.array?.map { $0["type"]?.string } == ["text/plain", "text/html"])
    let html = try #require(mail["parts"]?[1]?["text"]?.string)
    #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("\u{202E}"))
  }

  @Test(arguments: ["Käthe's \"Kedge\", Ltd. <kedge@example.com>", "Kedge\\Team <kedge@example.com>", "kedge@example.com"])
  func `a sender's name is written as a header wants it`(from: String) async throws {
    let server = try await MailServer.shared(isSecure: false)
    _ = try await send(Self.alert(), settings(server, from: from))
    let mail = try #require(try server.received(me).first)
    #expect(mail["defects"] == [] && mail["from_address"] == "kedge@example.com" && mail["from"] == "kedge@example.com")
    let name = from.split(separator: " <").first.map(String.init) ?? ""
    #expect(mail["from_name"]?.string == (from.contains("<") ? name : ""))
  }

  @Test func `an address that has no time is worth another attempt for all; one that is gone does not keep the others from it`() async throws {
    let server = try await MailServer.shared(isSecure: true)
    let busy = try #require(try await failure(Self.alert(), settings(server, to: [me, "busy@example.com"])))
    guard case .retryable(nil, let reason) = busy else { Issue.record("\(busy)"); return }
    #expect(reason == "the mail server \(server.url) answered 451: 4.7.1 greylisted, come again")
    #expect(try server.received(me).isEmpty)
    let receipt = try await send(Self.alert(), settings(server, to: [me, "gone@example.com", "b@example.com"]))
    #expect(receipt.note == "1 of 3 recipients were refused: 5.1.1 there is no such mailbox")
    #expect(try server.received(me).map { $0["to"] } == [[.string(me), "b@example.com"]])
    let gone = try await failure(Self.alert(), settings(server, to: ["gone@example.com"]))
    #expect(gone == .final(reason: "the mail server \(server.url) answered 550: 5.1.1 there is no such mailbox"))
  }

  @Test func `a wrong password is final, and never said`() async throws {
    let server = try await MailServer.shared(isSecure: true)
    let refused = try #require(try await failure(Self.alert(), settings(server, password: "WRONG")))
    guard case .final(let reason) = refused else { Issue.record("\(refused)"); return }
    #expect(reason.contains("answered 535") && reason.hasSuffix("check the user and the password") && !reason.contains("sesame"))
    let repeated = try await failure(Self.alert(), settings(server, to: ["sees-all@example.com"]))
    #expect(repeated == .final(reason: "the mail server \(server.url) answered 550"))
  }

  @Test func `a server without STARTTLS gets no password, one that nobody vouches for no mail, and one that is away another attempt`() async throws {
    let plain = try await MailServer.shared(isSecure: false)
    let settings = EmailSettings(
      server: plain.url.replacing("localhost", with: "127.0.0.1"), user: "kedge", password: CredentialReference(.environment("PASSWORD")),
      from: "kedge@example.com", to: [me])
    let refused = try #require(try await failure(Self.alert(), settings))
    #expect("\(refused)".hasPrefix("mail to smtp://127.0.0.1:\(plain.port): "), "\(refused)")
    #expect(try plain.received(me).isEmpty)
    let secure = try await MailServer.shared(isSecure: true)
    var unknown = self.settings(secure)
    unknown.certificateAuthority = nil
    guard case .final? = try await failure(Self.alert(), unknown) else { Issue.record("not final"); return }
    let away = EmailSettings(server: "smtp://127.0.0.1:1", starttls: false, from: "kedge@example.com", to: ["a@example.com"])
    guard case .retryable(nil, _)? = try await failure(Self.alert(), away) else { Issue.record("not retried"); return }
  }

  @Test(arguments: ["a@b.c>\r\nRCPT TO:<victim@example.com", "", "a b@c.d", "a", "a@b@c", "ä@example.com"])
  func `an address that would end the envelope's line is not sent`(address: String) async throws {
    let server = try await MailServer.shared(isSecure: false)
    let refused = try await failure(Self.alert(), settings(server, to: [me, address]))
    guard case .final(let reason)? = refused else { Issue.record("\(String(describing: refused))"); return }
    #expect(reason.contains("an address holds characters that would end it, or is empty"))
    #expect(try server.received(me).isEmpty)
  }

  // MARK: in a browser

  private static let hasBrowser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  private func shown(_ message: Message) async throws -> JSON {
    let directory = try TemporaryDirectory()
    try directory.write("mail.html", MailPage(message: message).html)
    var arguments = [Python.script("../ReportsTests/browser.py"), "\(directory.path)/mail.html", "--mail"]
    // To be looked at: KEDGE_MAIL_SCREENSHOTS=/tmp/mail swift test --filter 'a mail is shown'
    if let folder = ProcessInfo.processInfo.environment["KEDGE_MAIL_SCREENSHOTS"] {
      arguments += ["--screenshots", "\(folder)/\(message.severity)-\(message.state.word)"]
    }
    let (status, text) = try await Python.run(arguments, input: "")
    try #require(status == 0, "\(text)")
    return try JSON(parsing: text)
  }

  @Test(.enabled(if: hasBrowser, "there is no chromium; ops/setup installs it"))
  func `a mail is shown on a desk and on a phone, with its histogram and without a request`() async throws {
    let facts = try await shown(Self.alert())
    #expect(facts["problems"] == [] && facts["wide_on_a_desk"] == 0 && facts["wide_on_a_phone"] == 0)
    let text = try #require(facts["text"]?.string)
    for said in ["inputs-drifted fires on breast-cancer-live", "WARNING · FIRING", "0.31", "kedge ack 0a1b2c3d", "mean radius", "reference", "this window"] {
      #expect(text.contains(said), "\(said)")
    }
    let elements = Set((facts["elements"]?.array ?? []).compactMap(\.string))
    #expect(elements.isDisjoint(with: ["img", "svg", "script", "style", "link", "iframe"]))
    // As high as it should be, in pixels, whatever stands around it.
    let bars = facts["bars"]?.array ?? []
    #expect(bars.count == 38 && bars.allSatisfy { $0[1] == $0[2] })
    #expect(bars.compactMap { $0[1]?.integer }.max() == 110)
  }

  @Test(.enabled(if: hasBrowser, "there is no chromium; ops/setup installs it"))
  func `a mail about categories, and one that says that it is over, are shown too`() async throws {
    var message = Self.alert("labels-shifted is critical now on breast-cancer-live: site")
    message.severity = .critical
    message.state = "escalated"
    message.picture = Message.Picture(
      column: "site",
      histogram: ColumnHistogram(
        categories: ["Charité", "Heidelberg", "München", "<b>bold</b>", "", String(repeating: "long", count: 15)],
        reference: [0.41, 0.22, 0.17, 0.1, 0.06, 0.04], current: [0.12, 0.2, 0.43, 0.15, 0, 0.1]))
    let facts = try await shown(message)
    #expect(facts["problems"] == [] && facts["wide_on_a_desk"] == 0 && facts["wide_on_a_phone"] == 0)
    #expect(facts["text"]?.string?.contains("<b>bold</b>") == true && facts["text"]?.string?.contains("41.0 % → 12.0 %") == true)
    message.state = .resolved
    message.title = "labels-shifted is resolved on breast-cancer-live: site"
    #expect(try await shown(message)["text"]?.string?.contains("RESOLVED") == true)
  }
}
