internal import Foundation
internal import HTTPTransport
internal import Values

/// A bucket of S3, or of a server that speaks like it, as the usual variables say:
/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` (without them requests are not signed), `AWS_REGION` or `AWS_DEFAULT_REGION`,
/// `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`.
struct S3Bucket: Sendable {
  let name: String
  private let credentials: S3Credentials?
  private let region: String
  /// Scheme and host, and what the path begins with.
  private let origin: String
  private let prefix: String

  init(name: String, environment: [String: String]) throws(TableError) {
    guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2f && $0 != 0x3f && $0 != 0x23 && $0 != 0x40 && $0 != 0x3a }) else {
      throw TableError(source: "s3://\(name)", problem: "names no bucket", advice: "write s3://BUCKET/KEY")
    }
    self.name = name
    func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let access = set("AWS_ACCESS_KEY_ID"), let secret = set("AWS_SECRET_ACCESS_KEY") {
      credentials = S3Credentials(accessKey: access, secretKey: secret, sessionToken: set("AWS_SESSION_TOKEN"))
    } else {
      credentials = nil
    }
    region = set("AWS_REGION") ?? set("AWS_DEFAULT_REGION") ?? "us-east-1"
    if let endpoint = set("AWS_ENDPOINT_URL_S3") ?? set("AWS_ENDPOINT_URL") {
      guard let parts = URLComponents(string: endpoint), let scheme = parts.scheme, let host = parts.host else {
        throw TableError(source: "AWS_ENDPOINT_URL", problem: "is no URL", advice: "write it as http://127.0.0.1:9000")
      }
      origin = "\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")"
      prefix = (parts.path.hasSuffix("/") ? String(parts.path.dropLast()) : parts.path) + "/" + S3Signature.encoded(name, isPath: false)
    } else if name.contains(".") {
      // The certificate is for one level below the region's host.
      origin = "https://s3.\(region).amazonaws.com"
      prefix = "/\(name)"
    } else {
      origin = "https://\(name).s3.\(region).amazonaws.com"
      prefix = ""
    }
  }

  /// A signed request for an object; with an empty key, for the bucket.
  func request(
    _ method: HTTPRequest.Method, key: String, query: [(String, String)] = [], headers: HTTPHeaders, at time: Timestamp
  ) -> HTTPRequest {
    let path = key.isEmpty ? (prefix.isEmpty ? "/" : prefix) : "\(prefix)/\(S3Signature.encoded(key, isPath: true))"
    let encoded = query.map { (S3Signature.encoded($0.0, isPath: false), S3Signature.encoded($0.1, isPath: false)) }
    let text = encoded.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    var headers = headers
    if let credentials {
      let signature = S3Signature(credentials: credentials, region: region, time: time)
      headers.add("x-amz-content-sha256", S3Signature.emptyHash)
      headers.add("x-amz-date", signature.date)
      if let token = credentials.sessionToken { headers.add("x-amz-security-token", token) }
      let signed = headers.fields.map { ($0.name, $0.value) } + [("host", String(origin.drop { $0 != ":" }.dropFirst(3)))]
      headers.add("Authorization", signature.authorization(method: method.rawValue, path: path, query: encoded, headers: signed))
    }
    return HTTPRequest(method, origin + path + (text.isEmpty ? "" : "?\(text)"), headers: headers)
  }

  /// An object, as a listing tells of it.
  struct Object: Sendable {
    let key: String
    let size: Int
    let modified: Timestamp?
    /// Of its content.
    let tag: String?
  }

  /// The keys of data files that match a pattern, or begin with one that ends in a slash, in order.
  func keys(matching pattern: String) throws(TableError) -> [String] {
    let isPrefix = pattern.isEmpty || pattern.hasSuffix("/") && !pattern.contains { "*?[".contains($0) }
    let fixed = String(pattern.prefix { !"*?[".contains($0) })
    let depth = pattern.split(separator: "/").count
    return try objects(prefix: fixed).map(\.key).filter { key in
      let names = key.dropFirst(isPrefix ? fixed.count : 0).split(separator: "/")
      if isPrefix { return S3Bucket.isData(names[...]) }
      // A star does not reach over slashes, as in a shell. A pattern that ends in a slash stands for folders.
      guard S3Bucket.isData(names[...]) else { return false }
      guard pattern.hasSuffix("/") else { return fnmatch(pattern, key, FNM_PATHNAME) == 0 }
      return names.count > depth && fnmatch(String(pattern.dropLast()), names.prefix(depth).joined(separator: "/"), FNM_PATHNAME) == 0
    }.sorted()
  }

  /// Whether an object with these names is a data file: its ending says so, and none begins with a dot or an underscore.
  static func isData(_ names: ArraySlice<Substring>) -> Bool {
    guard let last = names.last, !names.contains(where: { $0.hasPrefix("_") || $0.hasPrefix(".") }) else { return false }
    return DataFormat(name: String(last)).kind != nil
  }

  /// All objects whose keys begin so.
  func objects(prefix: String) throws(TableError) -> [Object] {
    var objects: [Object] = []
    var continuation: String?
    repeat {
      var query = [("list-type", "2"), ("prefix", prefix)]
      if let continuation { query.append(("continuation-token", continuation)) }
      let page = try list(query)
      for entry in S3Bucket.elements("Contents", in: page, unescaped: false) {
        guard let key = S3Bucket.element("Key", in: entry) else { continue }
        objects.append(
          Object(
            key: key, size: S3Bucket.element("Size", in: entry).flatMap(Int.init) ?? 0,
            modified: S3Bucket.element("LastModified", in: entry).flatMap { Timestamp($0) }, tag: S3Bucket.element("ETag", in: entry)))
      }
      continuation = S3Bucket.element("IsTruncated", in: page) == "true" ? S3Bucket.element("NextContinuationToken", in: page) : nil
    } while continuation != nil
    return objects
  }

  private func list(_ query: [(String, String)]) throws(TableError) -> String {
    let object = RemoteObject(self, key: query[1].1)
    var delay = RetryDelay()
    while true {
      let failure: TableError
      let isPassing: Bool
      do throws(HTTPError) {
        let (status, body) = try answer(request(.get, key: "", query: query, headers: [:], at: .now()))
        if status == 200 { return String(decoding: body, as: UTF8.self) }
        (failure, isPassing) = (object.failure(status: status, body: body), RetryDelay.isWorthwhile(status))
      } catch {
        (failure, isPassing) = (object.failure(error), error.isRetryable)
      }
      guard isPassing, delay.wait() else { throw failure }
    }
  }

  private func answer(_ request: HTTPRequest) throws(HTTPError) -> (status: Int, body: [UInt8]) {
    let download = try HTTPDownload(request)
    let status = try download.response().status
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    defer { chunk.deallocate() }
    var body: [UInt8] = []
    // A page of a listing has a thousand keys of at most a kilobyte.
    while body.count < 16 << 20 {
      let count = try download.read(chunk)
      if count == 0 { break }
      body += chunk[..<count]
    }
    return (status, body)
  }

  /// The text of the first element of that name. The answers are flat enough for this: no attributes, no comments.
  static func element(_ name: String, in text: String) -> String? { elements(name, in: text).first }

  static func elements(_ name: String, in text: String, unescaped: Bool = true) -> [String] {
    text.components(separatedBy: "<\(name)>").dropFirst().compactMap { rest in
      rest.range(of: "</\(name)>").map { end in
        unescaped ? S3Bucket.unescaped(rest[..<end.lowerBound]) : String(rest[..<end.lowerBound])
      }
    }
  }

  private static func unescaped(_ text: Substring) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&#34;", "\""), ("&amp;", "&")].reduce(
      String(text)
    ) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }
}
