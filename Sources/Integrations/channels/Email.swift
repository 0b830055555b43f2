internal import Foundation
public import HTTPTransport
public import Lifecycle

/// Mail by SMTP: text, and HTML with the histogram of the column that moved furthest.
///
/// SMTP knows no idempotency key: the mail's `Message-ID` is made of it, so that twins of a send whose answer was lost have the same one, and most clients show
/// one. What follows on an alert answers its first mail, so that they stand together.
/// - Source: RFC 5321 (replies of 400 to 499 may pass, 500 to 599 are final), RFC 5322, RFC 2047, RFC 3834 (`Auto-Submitted`).
public struct EmailChannel: Channel {
  private let settings: EmailSettings
  private let http: HTTPClient
  private let credentials: CredentialResolver

  /// The password is looked up anew at each send.
  public init(_ settings: EmailSettings, http: HTTPClient, credentials: CredentialResolver) {
    self.settings = settings
    self.http = http
    self.credentials = credentials
  }

  /// Sends the mail to all recipients; where the server refuses some of them for good, to the others. The receipt names the mail's id.
  public func send(_ message: Message, idempotencyKey: String) async throws(ChannelFailure) -> Receipt {
    let mail = MailMessage(message: message, from: settings.from, to: settings.to, idempotencyKey: idempotencyKey)
    let password: String? = if let reference = settings.password { try credentials.secret(reference) } else { nil }
    var submission = MailSubmission(
      server: settings.server, security: settings.starttls == false ? .none : .required, user: settings.user, password: password,
      from: MailText.parts(settings.from).address, recipients: settings.to, message: mail.bytes, certificateAuthorityFile: settings.certificateAuthority)
    var reply = try await deliver(submission)
    // One address that is gone must not keep the mail from the others; one that is only busy is worth another attempt for all.
    if (500..<600).contains(reply.code), settings.to.count > 1, reply.refusals.last.map(EmailChannel.isAboutRecipient) == true {
      submission.toleratesRefusedRecipients = true
      reply = try await deliver(submission)
    }
    guard reply.code < 400 else { throw failure(reply, password) }
    let refused = reply.refusals.filter(EmailChannel.isAboutRecipient).count
    return Receipt(message: mail.id, note: refused > 0 ? "\(refused) of \(settings.to.count) recipients were refused\(said(reply, password))" : nil)
  }

  private func deliver(_ mail: MailSubmission) async throws(ChannelFailure) -> MailReply {
    do { return try await http.send(mail) } catch { throw ChannelFailure(error) }
  }

  /// 550 to 554, which a server gives to an address: it does not exist, is not here, is full, is no address, or may not be relayed to.
  private static func isAboutRecipient(_ refusal: String) -> Bool { Int(refusal.prefix(3)).map { (550...554).contains($0) } ?? false }

  private func failure(_ reply: MailReply, _ password: String?) -> ChannelFailure {
    let reason = "the mail server \(settings.server) answered \(reply.code)\(said(reply, password))"
    switch reply.code {
    case 400..<500: return .retryable(after: nil, reason: reason)
    case 530, 534, 535, 538: return .final(reason: "\(reason); check the user and the password")
    default: return .final(reason: reason)
    }
  }

  /// What the server said, unless that repeats the password, plain or as it is sent.
  private func said(_ reply: MailReply, _ password: String?) -> String {
    let plain = [password, password.map { "\0\(settings.user ?? "")\0\($0)" }].compactMap { $0 }
    let secrets = plain + plain.map { Data($0.utf8).base64EncodedString() }
    guard let last = reply.refusals.last, let excerpt = ChannelFailure.excerpt(String(last.dropFirst(4)), hiding: secrets) else { return "" }
    return ": \(excerpt)"
  }
}
