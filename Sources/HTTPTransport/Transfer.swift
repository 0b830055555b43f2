internal import CLibCurl
internal import CLibCurlShim

/// One request, or one mail, under way, and libcurl's handle for it.
///
/// `@unchecked Sendable`: the sender makes it and gives it to the loop; from then until the loop hands back the result only the
/// loop's thread touches it. Both handovers pass through the loop's lock or a continuation.
final class Transfer: @unchecked Sendable {
  let request: HTTPRequest
  /// What it is, as an error may show it.
  let title: String
  /// Nil for a request.
  let mail: MailSubmission?
  /// Of the mail, sent so far.
  private var sent = 0
  /// What an SMTP server said when it refused something.
  private var refusals: [String] = []
  let handle: UnsafeMutableRawPointer
  var completion: CheckedContinuation<Result<HTTPResponse, any Error>, Never>?
  var phase = Phase.waiting

  enum Phase { case waiting, live, done }

  private var headerList: UnsafeMutablePointer<curl_slist>?
  private var recipients: UnsafeMutablePointer<curl_slist>?
  private let errorText: UnsafeMutablePointer<CChar>
  private(set) var headers = HTTPHeaders()
  private var body: [UInt8] = []
  private var tooLarge = false
  /// Takes the body in pieces instead of having it gathered; what it returns goes to libcurl.
  private let receiver: ((UnsafeRawBufferPointer) -> Int)?

  /// - Throws: `HTTPError` of the kind `invalidRequest`.
  convenience init(_ request: HTTPRequest, receiver: ((UnsafeRawBufferPointer) -> Int)? = nil) throws(HTTPError) {
    try self.init(request, mail: nil, fault: Transfer.fault(of: request), receiver)
  }

  /// - Throws: `HTTPError` of the kind `invalidRequest`.
  convenience init(_ mail: MailSubmission) throws(HTTPError) {
    let request = HTTPRequest(
      .post, mail.server, timeout: mail.timeout, connectTimeout: mail.connectTimeout, certificateAuthorityFile: mail.certificateAuthorityFile)
    try self.init(request, mail: mail, fault: mail.fault, nil)
  }

  private init(_ request: HTTPRequest, mail: MailSubmission?, fault: String?, _ receiver: ((UnsafeRawBufferPointer) -> Int)?) throws(HTTPError) {
    let title = mail == nil ? request.redacted : "mail to \(RedactedURL(request.url, .origin).text)"
    if let fault { throw HTTPError(kind: .invalidRequest, request: title, detail: fault) }
    guard let handle = curl_easy_init() else {
      throw HTTPError(kind: .invalidRequest, request: title, detail: "there is no memory for another request")
    }
    self.request = request
    self.mail = mail
    self.title = title
    self.handle = handle
    self.receiver = receiver
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let refused = configure()
    guard refused == CURLE_OK else {
      throw HTTPError(kind: .invalidRequest, request: title, detail: String(cString: curl_easy_strerror(refused)))
    }
  }

  deinit {
    curl_easy_cleanup(handle)
    curl_slist_free_all(headerList)
    curl_slist_free_all(recipients)
    errorText.deallocate()
  }

  private static func fault(of request: HTTPRequest) -> String? {
    let scheme = request.url.prefix { $0 != ":" }.lowercased()
    guard scheme == "http" || scheme == "https", request.url.dropFirst(scheme.count).hasPrefix("://") else {
      return "the URL must begin with http:// or https://"
    }
    guard request.url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { return "the URL holds spaces or control characters" }
    guard request.timeout > .zero, request.connectTimeout > .zero else { return "a timeout must be longer than nothing" }
    return request.headers.fields.lazy.compactMap(\.fault).first
  }

  // MARK: Setting up

  private func configure() -> CURLcode {
    var refused = CURLE_OK
    func check(_ code: CURLcode) { if refused == CURLE_OK, code != CURLE_OK { refused = code } }

    check(kc_setopt_string(handle, CURLOPT_URL, request.url))
    check(kc_setopt_string(handle, CURLOPT_PROTOCOLS_STR, mail == nil ? "http,https" : "smtp,smtps"))
    check(kc_setopt_string(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https"))
    check(kc_setopt_long(handle, CURLOPT_NOSIGNAL, 1))
    // Else giving up a request whose name is still being looked up would stop the loop until the resolver answers.
    check(kc_setopt_long(handle, CURLOPT_QUICK_EXIT, 1))
    check(kc_setopt_long(handle, CURLOPT_TIMEOUT_MS, request.timeout.wholeMilliseconds))
    check(kc_setopt_long(handle, CURLOPT_CONNECTTIMEOUT_MS, min(request.connectTimeout, request.timeout).wholeMilliseconds))
    check(kc_setopt_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)))
    if let file = request.certificateAuthorityFile {
      check(kc_setopt_string(handle, CURLOPT_CAINFO, file))
      check(kc_setopt_string(handle, CURLOPT_CAPATH, nil))
    }
    if case .followed(let limit) = request.redirects {
      check(kc_setopt_long(handle, CURLOPT_FOLLOWLOCATION, 1))
      check(kc_setopt_long(handle, CURLOPT_MAXREDIRS, limit))
    }
    // A proxy of the environment is for hosts elsewhere, and for the web.
    if isLoopback || mail != nil { check(kc_setopt_string(handle, CURLOPT_PROXY, "")) }
    if let mail {
      configureMail(mail, check)
    } else {
      configureMethod(check)
      configureHeaders(check)
    }
    configureCallbacks(check)
    return refused
  }

  private func configureMethod(_ check: (CURLcode) -> Void) {
    switch request.method {
    case .get where request.body.isEmpty: check(kc_setopt_long(handle, CURLOPT_HTTPGET, 1))
    case .head: check(kc_setopt_long(handle, CURLOPT_NOBODY, 1))
    case .delete where request.body.isEmpty: check(kc_setopt_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue))
    case .get, .post, .put, .patch, .delete:
      check(kc_setopt_long(handle, CURLOPT_POST, 1))
      check(kc_setopt_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
      request.body.withUnsafeBytes { bytes in
        check(kc_setopt_pointer(handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress)))
      }
      if request.body.isEmpty { check(kc_setopt_string(handle, CURLOPT_POSTFIELDS, "")) }
      if request.method != .post { check(kc_setopt_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)) }
    }
  }

  private func configureHeaders(_ check: (CURLcode) -> Void) {
    // libcurl's way to send no such header. Kedge says itself what a body is, and waits for no "100 Continue".
    var lines = ["Expect:"]
    if request.headers["Content-Type"] == nil { lines.append("Content-Type:") }
    if request.headers["User-Agent"] == nil { lines.append("User-Agent: kedge") }
    for field in request.headers.fields {
      lines.append(field.value.allSatisfy { $0 == " " || $0 == "\t" } ? "\(field.name);" : "\(field.name): \(field.value)")
    }
    for line in lines {
      guard let longer = curl_slist_append(headerList, line) else { return check(CURLE_OUT_OF_MEMORY) }
      headerList = longer
    }
    check(kc_setopt_list(handle, CURLOPT_HTTPHEADER, headerList))
    check(kc_setopt_long(handle, CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE)))
  }

  private func configureMail(_ mail: MailSubmission, _ check: (CURLcode) -> Void) {
    if let user = mail.user {
      check(kc_setopt_string(handle, CURLOPT_USERNAME, user))
      check(kc_setopt_string(handle, CURLOPT_PASSWORD, mail.password ?? ""))
    }
    check(kc_setopt_long(handle, CURLOPT_USE_SSL, Int((mail.security == .none ? CURLUSESSL_NONE : CURLUSESSL_ALL).rawValue)))
    check(kc_setopt_string(handle, CURLOPT_MAIL_FROM, "<\(mail.from)>"))
    for recipient in mail.recipients {
      guard let longer = curl_slist_append(recipients, "<\(recipient)>") else { return check(CURLE_OUT_OF_MEMORY) }
      recipients = longer
    }
    check(kc_setopt_list(handle, CURLOPT_MAIL_RCPT, recipients))
    check(kc_setopt_long(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, mail.toleratesRefusedRecipients ? 1 : 0))
    // Mails are rare, and servers close idle connections.
    check(kc_setopt_long(handle, CURLOPT_FRESH_CONNECT, 1))
    check(kc_setopt_long(handle, CURLOPT_FORBID_REUSE, 1))
    check(kc_setopt_long(handle, CURLOPT_UPLOAD, 1))
    check(kc_setopt_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(mail.message.count)))
    check(kc_setopt_pointer(handle, CURLOPT_READDATA, Unmanaged.passUnretained(self).toOpaque()))
    check(
      kc_setopt_callback(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let room = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().provide(room)
      })
  }

  private func configureCallbacks(_ check: (CURLcode) -> Void) {
    let this = Unmanaged.passUnretained(self).toOpaque()
    check(kc_setopt_pointer(handle, CURLOPT_PRIVATE, this))
    check(kc_setopt_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
    check(kc_setopt_pointer(handle, CURLOPT_WRITEDATA, this))
    check(kc_setopt_pointer(handle, CURLOPT_HEADERDATA, this))
    check(
      kc_setopt_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(body: chunk)
      })
    check(
      kc_setopt_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(header: line)
      })
  }

  private var isLoopback: Bool {
    let rest = request.url.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let host = rest.split(separator: "@", omittingEmptySubsequences: false).last ?? rest
    return host.hasPrefix("127.") || host.hasPrefix("[::1]") || host.prefix { $0 != ":" }.lowercased() == "localhost"
  }

  // MARK: Sending and receiving, on the loop's thread

  /// The next bytes of the mail; none at its end.
  private func provide(_ room: UnsafeMutableRawBufferPointer) -> Int {
    guard let message = mail?.message else { return 0 }
    let count = min(room.count, message.count - sent)
    message.withUnsafeBytes { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[sent..<sent + count])) }
    sent += count
    return count
  }

  /// Fewer bytes than were given end the transfer.
  private func receive(body bytes: UnsafeRawBufferPointer) -> Int {
    if let receiver { return receiver(bytes) }
    guard body.count + bytes.count <= request.maximumResponseBytes else {
      tooLarge = true
      return 0
    }
    body.append(contentsOf: bytes)
    return bytes.count
  }

  private func receive(header line: UnsafeRawBufferPointer) -> Int {
    let text = String(decoding: line, as: UTF8.self)
    if mail != nil {
      if let code = Int(text.prefix(3)), code >= 400, refusals.count < Transfer.refusalsKept { refusals.append(text.trimmed) }
      return line.count
    }
    if text.hasPrefix("HTTP/") {
      // Another response begins: after a "100 Continue", a redirect, a proxy's answer.
      headers = HTTPHeaders()
      body.removeAll()
    } else if let colon = text.firstIndex(of: ":") {
      let value = text[text.index(after: colon)...].drop { $0.isWhitespace }
      headers.add(String(text[..<colon]), String(value.reversed().drop { $0.isWhitespace }.reversed()))
    }
    return line.count
  }

  /// Refusals of an SMTP server that are kept: one for each recipient, and then some.
  private static let refusalsKept = 100

  /// The result, once libcurl is through with the handle.
  func result(_ code: CURLcode) -> Result<HTTPResponse, any Error> {
    var status = 0
    kc_getinfo_long(handle, CURLINFO_RESPONSE_CODE, &status)
    if mail != nil, code == CURLE_OK || status >= 400 {
      // libcurl's code says at which step an SMTP server refused; the server's own tells whether to come again.
      return .success(HTTPResponse(status: status, headers: [:], body: Array(refusals.joined(separator: "\n").utf8)))
    }
    guard code == CURLE_OK else { return .failure(error(code)) }
    return .success(HTTPResponse(status: status, headers: headers, body: body))
  }

  /// Why it failed.
  func error(_ code: CURLcode) -> HTTPError {
    var connectedAfter: curl_off_t = 0
    kc_getinfo_offset(handle, CURLINFO_PRETRANSFER_TIME_T, &connectedAfter)
    var status = 0
    kc_getinfo_long(handle, CURLINFO_RESPONSE_CODE, &status)
    let kind = HTTPError.Kind(code, connected: connectedAfter > 0, answered: status > 0)
    let detail =
      switch kind {
      case .responseTooLarge where tooLarge: "the response is longer than \(request.maximumResponseBytes) bytes"
      case .timedOut: "no complete response within \(request.timeout)"
      case .timedOutConnecting: "no connection within \(min(request.connectTimeout, request.timeout))"
      default: String(cString: errorText.pointee == 0 ? curl_easy_strerror(code) : UnsafePointer(errorText))
      }
    return HTTPError(kind: kind, request: title, detail: detail)
  }
}

extension Duration {
  /// At least 1, at most a month.
  fileprivate var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    guard seconds < 86_400 * 30 else { return 86_400 * 30 * 1000 }
    return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
  }
}

extension String {
  /// Without white space around it.
  fileprivate var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
