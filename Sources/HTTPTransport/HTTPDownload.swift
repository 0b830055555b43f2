internal import CLibCurl
internal import CLibCurlShim

/// A response whose body is taken piece by piece, however long it is: while nobody takes, the server waits.
///
/// It blocks the thread that reads, and belongs to that thread alone. It has a connection of its own, closed when it goes.
public final class HTTPDownload {
  /// More than this is not kept ready.
  private static let ahead = 1 << 20
  /// A server that sends nothing for so long is given up.
  private static let stalledAfterSeconds = 60

  private let multi: UnsafeMutableRawPointer
  private let transfer: Transfer
  private let inbox: Inbox
  private var outcome: CURLcode?

  /// What came and was not taken yet.
  private final class Inbox {
    var bytes: [UInt8] = []
    var taken = 0
    var isPaused = false
    var hasBegun = false

    var count: Int { bytes.count - taken }

    /// What libcurl hands over; when there is enough, it is told to come again.
    func receive(_ piece: UnsafeRawBufferPointer) -> Int {
      hasBegun = true
      guard count < HTTPDownload.ahead else {
        isPaused = true
        return Int(CURL_WRITEFUNC_PAUSE)
      }
      if taken == bytes.count {
        bytes.removeAll(keepingCapacity: true)
        taken = 0
      }
      bytes.append(contentsOf: piece)
      return piece.count
    }
  }

  /// Nothing is sent before the first read. `timeout` and `maximumResponseBytes` of the request do not apply.
  /// - Throws: `HTTPError` when it cannot be sent.
  public init(_ request: HTTPRequest) throws(HTTPError) {
    var request = request
    request.timeout = .seconds(86_400 * 29)
    let inbox = Inbox()
    self.inbox = inbox
    guard TransferLoop.libraryReady, let multi = curl_multi_init() else {
      throw HTTPError(kind: .invalidRequest, request: request.redacted, detail: "libcurl could not be initialised")
    }
    self.multi = multi
    do throws(HTTPError) {
      transfer = try Transfer(request) { [unowned inbox] in inbox.receive($0) }
    } catch {
      curl_multi_cleanup(multi)
      throw error
    }
    _ = kc_setopt_long(transfer.handle, CURLOPT_LOW_SPEED_LIMIT, 1)
    _ = kc_setopt_long(transfer.handle, CURLOPT_LOW_SPEED_TIME, HTTPDownload.stalledAfterSeconds)
    _ = kc_setopt_long(transfer.handle, CURLOPT_BUFFERSIZE, 256 << 10)
    curl_multi_add_handle(multi, transfer.handle)
  }

  deinit {
    curl_multi_remove_handle(multi, transfer.handle)
    curl_multi_cleanup(multi)
  }

  /// Waits until the body begins, or the response ends.
  /// - Throws: `HTTPError`. A status of 400 or more is no error.
  public func response() throws(HTTPError) -> (status: Int, headers: HTTPHeaders) {
    while !inbox.hasBegun, outcome == nil { step() }
    // What came before the connection was lost is still to be had.
    if !inbox.hasBegun { try check() }
    var status = 0
    kc_getinfo_long(transfer.handle, CURLINFO_RESPONSE_CODE, &status)
    return (status, transfer.headers)
  }

  /// The next bytes of the body, at least one; none at its end.
  /// - Throws: `HTTPError`, `connectionLost` when the connection ended before the body did.
  public func read(_ buffer: UnsafeMutableRawBufferPointer) throws(HTTPError) -> Int {
    while inbox.count == 0, outcome == nil { step() }
    guard inbox.count > 0 else {
      try check()
      return 0
    }
    let count = min(buffer.count, inbox.count)
    inbox.bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[inbox.taken..<inbox.taken + count])) }
    inbox.taken += count
    return count
  }

  private func step() {
    if inbox.isPaused {
      inbox.isPaused = false
      curl_easy_pause(transfer.handle, CURLPAUSE_CONT)
      if inbox.count > 0 { return }
    }
    var running: Int32 = 0
    curl_multi_perform(multi, &running)
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      if message.pointee.msg == CURLMSG_DONE { outcome = message.pointee.data.result }
    }
    if outcome == nil, inbox.count == 0 { curl_multi_poll(multi, nil, 0, 1000, nil) }
  }

  private func check() throws(HTTPError) {
    guard let outcome, outcome != CURLE_OK else { return }
    throw transfer.error(outcome)
  }
}
