/// An HTTP client over libcurl. All its requests run on one thread of its own, whatever their number; connections are kept and used again.
///
/// Make one, hand it to whoever sends, and close it at the end. Proxies are taken from the environment (`https_proxy`, `no_proxy`),
/// except for loopback addresses.
public final class HTTPClient: Sendable {
  private let loop: TransferLoop

  /// - Parameter maximumConnections: open at the same time, at least one; further requests wait, and their timeouts run meanwhile.
  /// - Throws: `HTTPError` when the thread cannot be started.
  public init(maximumConnections: Int = 64) throws(HTTPError) {
    loop = try TransferLoop(maximumConnections: max(1, maximumConnections))
  }

  deinit { loop.close() }

  /// Sends a request and waits for the whole response. Cancelling the task ends the transfer within milliseconds.
  /// - Throws: `HTTPError`, or `CancellationError` when the task was cancelled. A status of 400 or more is no error.
  public func send(_ request: HTTPRequest) async throws -> HTTPResponse { try await carryOut(try Transfer(request)) }

  /// Hands a mail to an SMTP server, on a connection of its own. Cancelling the task ends the conversation within milliseconds.
  /// - Throws: `HTTPError`, or `CancellationError` when the task was cancelled. A server that refuses is no error: its code is 400 or more.
  public func send(_ mail: MailSubmission) async throws -> MailReply {
    let answer = try await carryOut(try Transfer(mail))
    return MailReply(code: answer.status, refusals: answer.text.split(separator: "\n").map(String.init))
  }

  private func carryOut(_ transfer: Transfer) async throws -> HTTPResponse {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        transfer.completion = continuation
        loop.start(transfer)
      }
    } onCancel: {
      loop.cancel(transfer)
    }
    return try result.get()
  }

  /// Ends what is under way, which fails with `clientClosed`, and the client's thread. Closing twice is fine.
  public func close() { loop.close() }
}
