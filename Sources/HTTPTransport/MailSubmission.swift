/// A mail that is handed to an SMTP server: `HTTPClient.send(_:)` does it.
public struct MailSubmission: Sendable {
  /// Whether the conversation must be private.
  public enum Security: Sendable, Hashable {
    /// As the server's URL says: `smtp://` is not.
    case none
    /// `smtp://` must become TLS by STARTTLS before anybody signs in; a server that cannot is an error.
    case required
  }

  /// `smtp://HOST[:PORT]`, or `smtps://HOST[:PORT]` for TLS from the first byte.
  public var server: String
  /// Whether the conversation must be private.
  public var security: Security
  /// Who signs in; nil: nobody does.
  public var user: String?
  /// Of the user.
  public var password: String?
  /// The envelope's sender, without angle brackets.
  public var from: String
  /// The envelope's recipients, without angle brackets; at least one.
  public var recipients: [String]
  /// Whether the mail goes to the other recipients when the server refuses some; else to none of them.
  public var toleratesRefusedRecipients: Bool
  /// Header and body, with CR LF at the end of each line.
  public var message: [UInt8]
  /// For everything from looking up the name to the server's last reply. Whole milliseconds, at least one.
  public var timeout: Duration
  /// Until one is signed in, at most `timeout`: servers let strangers wait for their greeting.
  public var connectTimeout: Duration
  /// Certificates (PEM) to trust instead of the system's.
  public var certificateAuthorityFile: String?

  /// Checks nothing: what cannot be sent is an error of `HTTPClient.send(_:)`.
  public init(
    server: String, security: Security = .required, user: String? = nil, password: String? = nil, from: String, recipients: [String],
    toleratesRefusedRecipients: Bool = false, message: [UInt8], timeout: Duration = .seconds(60), connectTimeout: Duration = .seconds(40),
    certificateAuthorityFile: String? = nil
  ) {
    self.server = server
    self.security = security
    self.user = user
    self.password = password
    self.from = from
    self.recipients = recipients
    self.toleratesRefusedRecipients = toleratesRefusedRecipients
    self.message = message
    self.timeout = timeout
    self.connectTimeout = connectTimeout
    self.certificateAuthorityFile = certificateAuthorityFile
  }

  /// What is wrong with it, if it cannot be sent.
  var fault: String? {
    let scheme = server.prefix { $0 != ":" }.lowercased()
    guard scheme == "smtp" || scheme == "smtps", server.dropFirst(scheme.count).hasPrefix("://") else {
      return "the server's URL must begin with smtp:// or smtps://"
    }
    guard server.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { return "the server's URL holds spaces or control characters" }
    guard !recipients.isEmpty else { return "there is no recipient" }
    guard ([from] + recipients).allSatisfy(MailSubmission.isAddress) else { return "an address holds characters that would end it, or is empty" }
    guard timeout > .zero, connectTimeout > .zero else { return "a timeout must be longer than nothing" }
    return nil
  }

  /// Whether it can stand between angle brackets: visible ASCII with an `@` inside, and no bracket.
  public static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"<>()[]\\,;:\"".utf8.contains($0) }
  }
}

/// What an SMTP server said in the end.
public struct MailReply: Sendable, Hashable {
  /// 250 when it took the mail; 400 to 499 may pass, 500 to 599 is final (RFC 5321, 4.2.1).
  public let code: Int
  /// Replies of 400 and more, one for each thing that was refused. They may repeat what was sent.
  public let refusals: [String]
}
