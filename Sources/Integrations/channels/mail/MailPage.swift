internal import Foundation
internal import Lifecycle
internal import Values

/// A message as the HTML of a mail: tables and inline styles, which every client shows alike, Outlook too. Nothing is loaded from anywhere, and the histogram
/// is made of table cells: many clients show no SVG at all, and attached pictures only when they are asked to.
struct MailPage {
  let message: Message

  /// The whole document.
  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light"><meta name="supported-color-schemes" content="light"><title>\(escaped(message.title))</title></head>
    <body style="margin:0;padding:0;background:#eef1f4;">
    <div style="display:none;max-height:0;overflow:hidden;">\(escaped(message.text))</div>
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#eef1f4"><tr><td align="center" style="padding:20px 6px;">
    <!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
    <div style="max-width:600px;margin:0 auto;text-align:left;">
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff">
    <tr><td bgcolor="\(colour)" style="padding:16px 24px;\(font)color:#ffffff;">
    <span style="font-size:12px;letter-spacing:1px;">\(escaped(MailPage.label(message)))</span><br>
    <span style="font-size:20px;line-height:28px;font-weight:bold;">\(escaped(message.title))</span></td></tr>
    <tr><td style="padding:20px 24px 4px 24px;\(font)font-size:15px;line-height:22px;color:#1c2733;">\(paragraphs)</td></tr>
    <tr><td style="padding:8px 24px;">\(fields)</td></tr>
    \(picture)
    \(command)
    <tr><td style="padding:16px 24px 20px 24px;\(font)font-size:12px;line-height:18px;color:#6b7884;">\(footer)</td></tr>
    </table></div>
    <!--[if mso]></td></tr></table><![endif]-->
    </td></tr></table></body></html>
    """
  }

  /// `WARNING · FIRING`, or what became of it.
  static func label(_ message: Message) -> String {
    message.state.isOver || message.state == .test
      ? message.state.word.uppercased().replacing("_", with: " ") : "\(message.severity.rawValue.uppercased()) · \(message.state.word.uppercased())"
  }

  /// The picture shows the window that raised the alert, whatever came later.
  static func window(_ message: Message) -> String { message.state == .firing ? "this window" : "when it was raised" }

  private var font: String { "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;" }

  private var colour: String {
    switch (message.state.isOver, message.severity) {
    case (true, _): "#1e7145"
    case (false, .info): "#1f5fa8"
    case (false, .warning): "#9a5b00"
    case (false, .critical): "#a8231c"
    }
  }

  private var paragraphs: String {
    message.text.split(whereSeparator: \.isNewline).map { "<p style=\"margin:0 0 10px 0;\">\(escaped(String($0)))</p>" }.joined(separator: "\n")
  }

  private var fields: String {
    guard !message.fields.isEmpty else { return "" }
    let rows = message.fields.map { field in
      """
      <tr><td valign="top" width="110" style="padding:6px 12px 6px 0;border-top:1px solid #e3e8ec;\(font)font-size:13px;line-height:20px;color:#6b7884;">\
      \(escaped(field.name))</td>
      <td valign="top" style="padding:6px 0;border-top:1px solid #e3e8ec;\(font)font-size:14px;line-height:20px;color:#1c2733;word-break:break-word;">\
      \(escaped(field.value))</td></tr>
      """
    }
    return "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\n\(rows.joined(separator: "\n"))</table>"
  }

  private var command: String {
    guard let command = message.command, !command.isEmpty else { return "" }
    return """
      <tr><td style="padding:12px 24px 0 24px;\(font)font-size:13px;color:#6b7884;">Next, type:</td></tr>
      <tr><td style="padding:6px 24px 0 24px;"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
      <td bgcolor="#f2f4f7" style="padding:10px 12px;border:1px solid #d9dfe5;font-family:Consolas,Menlo,'Courier New',monospace;font-size:13px;line-height:20px;\
      color:#1c2733;word-break:break-all;">\(command.split(separator: ";").map { escaped($0.trimmingCharacters(in: .whitespaces)) }.joined(separator: "<br>"))\
      </td></tr></table></td></tr>
      """
  }

  private var footer: String {
    var parts = ["Kedge", message.occurredAt.description]
    if let alert = message.alert { parts.append("alert \(alert)") }
    var text = escaped(parts.joined(separator: " · "))
    if let link = message.link, link.hasPrefix("https://") || link.hasPrefix("http://") { text += " · <a href=\"\(escaped(link))\">more</a>" }
    return text
  }

  // MARK: the histogram

  private static let (before, now) = ("#a9b4bf", "#d9822b")
  private static let height = 110.0

  private var picture: String {
    guard let picture = message.picture else { return "" }
    let histogram = picture.histogram
    let bars = histogram.categories == nil ? bins(histogram) : categories(histogram)
    guard !bars.isEmpty else { return "" }
    func key(_ colour: String, _ word: String) -> String {
      "<span style=\"background:\(colour);color:\(colour);\">&nbsp;&nbsp;&nbsp;</span>&nbsp;\(word)"
    }
    return """
      <tr><td style="padding:16px 24px 8px 24px;\(font)font-size:14px;line-height:20px;color:#1c2733;"><b>\(escaped(picture.column))</b>\
      <span style="font-size:12px;color:#6b7884;">&nbsp;&nbsp;\(key(MailPage.before, "reference"))&nbsp;&nbsp;\(key(MailPage.now, MailPage.window(message)))</span></td></tr>
      <tr><td style="padding:0 24px;">\(bars)</td></tr>
      """
  }

  /// A pair of columns for each bin, on one scale.
  private func bins(_ histogram: ColumnHistogram) -> String {
    let pairs = Array(zip(histogram.reference, histogram.current))
    guard let edges = histogram.edges, edges.count == pairs.count + 1, let first = edges.first, let last = edges.last,
      let top = pairs.map({ max($0, $1) }).max(), top > 0
    else { return "" }
    // In shares of whatever width there is, so that it fits a phone.
    let width = max(1, 90 / pairs.count / 2)
    func bar(_ share: Double, _ colour: String) -> String {
      let pixels = share > 0 ? max(1, Int((share / top * MailPage.height).rounded())) : 0
      guard pixels > 0 else { return "<td width=\"\(width)%\" style=\"font-size:1px;line-height:1px;\">&nbsp;</td>" }
      return """
        <td width="\(width)%" valign="bottom"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>\
        <td height="\(pixels)" bgcolor="\(colour)" style="height:\(pixels)px;font-size:1px;line-height:1px;">&nbsp;</td>\
        </tr></table></td>
        """
    }
    let gap = "<td style=\"font-size:1px;line-height:1px;\">&nbsp;</td>"
    let bars = pairs.map { "\(bar($0, MailPage.before))\(bar($1, MailPage.now))" }.joined(separator: "\n\(gap)")
    let label = "\(font)font-size:12px;line-height:18px;color:#6b7884;"
    let middle = (first + last) / 2
    func text(_ value: Double) -> String { escaped(MailPage.number(value, histogram)) }
    return """
      <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td style="border-bottom:1px solid #6b7884;">
      <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr style="height:\(Int(MailPage.height))px;">\(bars)</tr></table></td></tr>
      <tr><td><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="left" width="33%" style="\(label)">\(text(first))</td>
      <td align="center" width="34%" style="\(label)">\(text(middle))</td><td align="right" width="33%" style="\(label)">\(text(last))</td></tr></table></td></tr></table>
      """
  }

  /// A pair of bars for each category, with its name.
  private func categories(_ histogram: ColumnHistogram) -> String {
    let names = histogram.categories ?? []
    guard names.count == histogram.reference.count, names.count == histogram.current.count,
      let top = (histogram.reference + histogram.current).max(), top > 0
    else { return "" }
    func bar(_ share: Double, _ colour: String) -> String {
      let percent = max(1, Int((share / top * 100).rounded()))
      return """
        <table role="presentation" width="\(percent)%" cellpadding="0" cellspacing="0" border="0"><tr>\
        <td height="8" bgcolor="\(share > 0 ? colour : "#ffffff")" style="height:8px;font-size:1px;line-height:8px;">&nbsp;</td>\
        </tr></table>
        """
    }
    let label = "\(font)font-size:13px;line-height:18px;color:#1c2733;"
    let rows = zip(names, zip(histogram.reference, histogram.current)).map { name, shares in
      """
      <tr><td align="right" width="28%" style="padding:3px 10px 3px 0;\(label)word-break:break-all;">\(escaped(name.isEmpty ? "(empty)" : MailText.line(name, limit: 28)))</td>
      <td style="padding:3px 0;">\(bar(shares.0, MailPage.before))\(bar(shares.1, MailPage.now))</td>
      <td width="26%" style="padding:3px 0 3px 10px;\(label)color:#6b7884;font-size:12px;white-space:nowrap;">\(MailPage.percent(shares.0)) → \(MailPage.percent(shares.1))</td></tr>
      """
    }
    return "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\n\(rows.joined(separator: "\n"))</table>"
  }

  static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

  /// Four digits, or a time to the minute.
  static func number(_ value: Double, _ histogram: ColumnHistogram) -> String {
    guard histogram.areTimes == true, abs(value) < 1e11 else { return String(format: "%.4g", value) }
    return Timestamp(microseconds: Int64(value * 1_000_000)).description.prefix(16).split(separator: "T").joined(separator: " ")
  }

  private func escaped(_ text: String) -> String { MailPage.escaped(text) }

  /// As text inside an element or an attribute.
  static func escaped(_ text: String) -> String {
    var result = ""
    HTMLText.escape(text, into: &result)
    return result
  }
}
