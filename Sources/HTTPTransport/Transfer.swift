internal import CLibCurl
internal import CLibCurlShim

/// One request under way, and libcurl's handle for it.
///
/// `@unchecked Sendable`: the sender makes it and gives it to the loop; from then until the loop hands back the result only the
/// loop's thread touches it. Both handovers pass through the loop's lock or a continuation.
final class Transfer: @unchecked Sendable {
  let request: HTTPRequest
  let handle: UnsafeMutableRawPointer
  var completion: CheckedContinuation<Result<HTTPResponse, any Error>, Never>?
  var phase = Phase.waiting

  enum Phase { case waiting, live, done }

  private var headerList: UnsafeMutablePointer<curl_slist>?
  private let errorText: UnsafeMutablePointer<CChar>
  private(set) var headers = HTTPHeaders()
  private var body: [UInt8] = []
  private var tooLarge = false
  /// Takes the body in pieces instead of having it gathered; what it returns goes to libcurl.
  private let receiver: ((UnsafeRawBufferPointer) -> Int)?

  /// - Throws: `HTTPError` of the kind `invalidRequest`.
  init(_ request: HTTPRequest, receiver: ((UnsafeRawBufferPointer) -> Int)? = nil) throws(HTTPError) {
    if let fault = Transfer.fault(of: request) {
      throw HTTPError(kind: .invalidRequest, request: request.redacted, detail: fault)
    }
    guard let handle = curl_easy_init() else {
      throw HTTPError(kind: .invalidRequest, request: request.redacted, detail: "there is no memory for another request")
    }
    self.request = request
    self.handle = handle
    self.receiver = receiver
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let refused = configure()
    guard refused == CURLE_OK else {
      throw HTTPError(kind: .invalidRequest, request: request.redacted, detail: String(cString: curl_easy_strerror(refused)))
    }
  }

  deinit {
    curl_easy_cleanup(handle)
    curl_slist_free_all(headerList)
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
    check(kc_setopt_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"))
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
    // A proxy of the environment is for hosts elsewhere.
    if isLoopback { check(kc_setopt_string(handle, CURLOPT_PROXY, "")) }
    configureMethod(check)
    configureHeaders(check)
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

  // MARK: Receiving, on the loop's thread

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

  /// The result, once libcurl is through with the handle.
  func result(_ code: CURLcode) -> Result<HTTPResponse, any Error> {
    guard code == CURLE_OK else { return .failure(error(code)) }
    var status = 0
    kc_getinfo_long(handle, CURLINFO_RESPONSE_CODE, &status)
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
    return HTTPError(kind: kind, request: request.redacted, detail: detail)
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
