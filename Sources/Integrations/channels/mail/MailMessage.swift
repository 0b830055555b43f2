internal import Crypto
internal import Lifecycle
internal import Values

/// A message as a mail: headers, a text for those who read text, and HTML beside it.
struct MailMessage {
  let message: Message
  /// `Name <address>` or `address`.
  let from: String
  /// Addresses.
  let to: [String]
  /// The same for all attempts at the same message; it becomes the mail's own id, by which clients and servers tell twins.
  let idempotencyKey: String

  /// Longest subject.
  private static let longestSubject = 200

  /// The mail's `Message-ID`.
  var id: String {
    let domain = MailText.parts(from).address.split(separator: "@").last ?? "kedge"
    return "<kedge.\(idempotencyKey.filter(MailMessage.isIDCharacter).prefix(64))@\(domain)>"
  }

  /// Header and body with CR LF at the end of each line.
  var bytes: [UInt8] { Array((headers.map { "\($0): \($1)" } + ["", body]).joined(separator: "\r\n").utf8) }

  private var headers: [(String, String)] {
    let isLoud = message.severity == .critical && !message.state.isOver
    var headers = [
      ("Date", MailText.date(message.occurredAt.description, secondsSince1970: message.occurredAt.microseconds / 1_000_000)),
      ("From", MailText.mailbox(from)), ("To", to.joined(separator: ",\r\n ")), ("Subject", MailText.header(subject)), ("Message-ID", id),
    ]
    // Only what we made ourselves: receipts come back from the log.
    if let root = message.thread?.message, root.wholeMatch(of: /<kedge\.[A-Za-z0-9_-]{1,64}@[A-Za-z0-9.-]{1,255}>/) != nil {
      headers += [("In-Reply-To", root), ("References", root)]
    }
    if let alert = message.alert { headers.append(("X-Kedge-Alert", alert.description)) }
    // No out-of-office answers to a machine.
    headers += [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")]
    if isLoud { headers += [("Importance", "high"), ("X-Priority", "1")] }
    return headers + [("MIME-Version", "1.0"), ("Content-Type", "multipart/alternative;\r\n boundary=\"\(boundary)\"")]
  }

  private static func isIDCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "-_".contains(character))
  }

  /// The beginning of mails is all that a phone shows: how bad it is comes first.
  private var subject: String { MailText.line("[\(MailPage.label(message))] \(message.title)", limit: MailMessage.longestSubject) }

  /// No line of quoted-printable text holds `=_`.
  private var boundary: String { "=_kedge_" + SHA256.hash(data: Array(idempotencyKey.utf8)).hexadecimal.prefix(24) }

  private var body: String {
    let parts = [("text/plain", text), ("text/html", MailPage(message: message).html)].map { type, content in
      """
      --\(boundary)\r
      Content-Type: \(type); charset=utf-8\r
      Content-Transfer-Encoding: quoted-printable\r
      \r
      \(MailText.quotedPrintable(content))\r

      """
    }
    return parts.joined() + "--\(boundary)--\r\n"
  }

  // MARK: text

  private var text: String {
    var lines = [MailPage.label(message), message.title, ""]
    if !message.text.isEmpty { lines += [message.text, ""] }
    let width = message.fields.map(\.name.count).max() ?? 0
    lines += message.fields.map { "\(MailText.line($0.name, limit: 100).padded(to: width))  \(MailText.line($0.value, limit: 2000))" }
    lines += picture
    if let command = message.command, !command.isEmpty {
      lines += ["", "Next, type:"] + command.split(separator: ";").map { "  \(MailText.line(String($0.drop { $0 == " " }), limit: 500))" }
    }
    lines += ["", "-- ", "Kedge, \(message.occurredAt)\(message.alert.map { ", alert \($0)" } ?? "")"]
    return lines.joined(separator: "\n")
  }

  private var picture: [String] {
    guard let picture = message.picture else { return [] }
    let histogram = picture.histogram
    let labels =
      histogram.categories
      ?? zip(histogram.edges ?? [], (histogram.edges ?? []).dropFirst()).map {
        "\(MailPage.number($0, histogram)) to \(MailPage.number($1, histogram))"
      }
    guard labels.count == histogram.reference.count, labels.count == histogram.current.count, let top = (histogram.reference + histogram.current).max(), top > 0
    else { return [] }
    let width = labels.map(\.count).max() ?? 0
    let rows = labels.indices.map { index in
      func bar(_ share: Double) -> String { String(repeating: "█", count: Int((share / top * 16).rounded())).padded(to: 17) }
      return "  \(MailText.line(labels[index], limit: 60).padded(to: width))  \(bar(histogram.reference[index]))\(bar(histogram.current[index]))".trimmedEnd
    }
    return ["", "\(MailText.line(picture.column, limit: 100)): reference, and \(MailPage.window(message))"] + rows
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  fileprivate var trimmedEnd: String { String(reversed().drop { $0 == " " }.reversed()) }
}
