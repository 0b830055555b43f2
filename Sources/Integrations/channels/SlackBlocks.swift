internal import Values

/// A message in Slack's Block Kit, within Slack's limits: header 150 characters, section 3000, field 2000, 10 fields a section, 50 blocks.
/// - Source: docs.slack.dev, "Block Kit" and "chat.postMessage", read 2026-11.
struct SlackBlocks {
  private let message: Message

  init(_ message: Message) { self.message = message }

  /// What notifications and screen readers show.
  var fallback: String {
    SlackBlocks.escaped("\(icon) \(message.title)\(message.text.isEmpty ? "" : ": \(message.text)")", limit: 3000)
  }

  var blocks: JSON {
    var blocks: [JSON] = [
      ["type": "header", "text": ["type": "plain_text", "text": .string(SlackBlocks.cut("\(icon) \(message.title)", 150)), "emoji": true]]
    ]
    if !message.text.allSatisfy(\.isWhitespace) { blocks.append(section(SlackBlocks.escaped(message.text, limit: 3000))) }
    blocks += fieldSections
    if let command = message.command, !command.isEmpty {
      blocks.append(section("Next: ```\(SlackBlocks.escaped(command.replacing("```", with: "'''"), limit: 2900))```"))
    }
    blocks.append(["type": "context", "elements": .array([SlackBlocks.markdown(context)])])
    return .array(blocks)
  }

  private static let fieldsShown = 40

  private var fieldSections: [JSON] {
    var fields = message.fields.prefix(SlackBlocks.fieldsShown).map { field in
      let name = SlackBlocks.escaped(field.name.isEmpty ? "–" : field.name, limit: 200).replacing("*", with: "∗")
      return SlackBlocks.markdown("*\(name)*\n\(SlackBlocks.escaped(field.value.isEmpty ? "–" : field.value, limit: 1700))")
    }
    let hidden = message.fields.count - fields.count
    if hidden > 0 { fields[fields.count - 1] = SlackBlocks.markdown("and \(hidden + 1) more") }
    return stride(from: 0, to: fields.count, by: 10).map { start in
      ["type": "section", "fields": .array(Array(fields[start..<min(start + 10, fields.count)]))]
    }
  }

  private var context: String {
    var parts = [message.severity.rawValue, message.state.word, message.occurredAt.description].map { SlackBlocks.escaped($0, limit: 100) }
    if let link = message.link, link.hasPrefix("https://") || link.hasPrefix("http://"), link.utf8.count <= 1500 {
      let address = link.replacing("|", with: "%7C").replacing("<", with: "%3C").replacing(">", with: "%3E").replacing(" ", with: "%20")
      parts.append("<\(SlackBlocks.escaped(address, limit: 1800))|more>")
    }
    return parts.joined(separator: " · ")
  }

  private var icon: String {
    switch (message.state, message.severity) {
    case (.resolved, _), ("false_alarm", _): ":white_check_mark:"
    case (.acknowledged, _): ":eyes:"
    case (_, .info): ":information_source:"
    case (_, .warning): ":warning:"
    case (_, .critical): ":rotating_light:"
    }
  }

  private func section(_ text: String) -> JSON { ["type": "section", "text": SlackBlocks.markdown(text)] }

  private static func markdown(_ text: String) -> JSON { ["type": "mrkdwn", "text": .string(text)] }

  /// The text with Slack's three special characters escaped, cut so that the result has at most `limit` UTF-16 units and no half escape.
  static func escaped(_ text: String, limit: Int) -> String {
    var result = ""
    var length = 0
    for character in text {
      let piece =
        switch character {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        default: String(character)
        }
      length += piece.utf16.count
      guard length <= limit - 1 else { return result + "…" }
      result += piece
    }
    return result
  }

  /// The beginning of one line of text, at most `limit` UTF-16 units.
  static func cut(_ text: String, _ limit: Int) -> String {
    var result = ""
    var length = 0
    for character in text {
      length += character.utf16.count
      guard length <= limit - 1 else { return result + "…" }
      result.append(character.isNewline ? " " : character)
    }
    return result
  }
}
