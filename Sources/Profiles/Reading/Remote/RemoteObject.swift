internal import Foundation
internal import HTTPTransport
internal import Values

/// An object behind a URL: `https://…`, `http://…`, or `s3://BUCKET/KEY`.
struct RemoteObject: Sendable {
  /// As errors name it: without user, password and query, which may be secrets.
  let name: String
  /// As it is asked for.
  var path: String { if case .web(let url) = place { url } else { name } }
  private let place: Place

  private enum Place: Sendable {
    case web(String)
    case bucket(S3Bucket, key: String)
  }

  static func isRemote(_ path: String) -> Bool { ["https://", "http://", "s3://"].contains { path.lowercased().hasPrefix($0) } }

  /// - Throws: `TableError` when the URL has no host, bucket or key.
  init(_ path: String, _ environment: [String: String]) throws(TableError) {
    if path.lowercased().hasPrefix("s3://") {
      let rest = path.dropFirst(5)
      let bucket = rest.prefix { $0 != "/" }
      let key = rest.dropFirst(bucket.count + 1)
      guard !bucket.isEmpty, !key.isEmpty else { throw TableError(source: path, problem: "names no object", advice: "write s3://BUCKET/KEY") }
      self.init(try S3Bucket(name: String(bucket), environment: environment), key: String(key))
    } else {
      guard let parts = URLComponents(string: path), let host = parts.host, !host.isEmpty else {
        throw TableError(source: "the URL", problem: "cannot be read", advice: "write https://HOST/PATH")
      }
      self.init(name: "\(parts.scheme ?? "https")://\(host)\(parts.port.map { ":\($0)" } ?? "")\(parts.path)", place: .web(path))
    }
  }

  init(_ bucket: S3Bucket, key: String) {
    self.init(name: "s3://\(bucket.name)/\(key)", place: .bucket(bucket, key: key))
  }

  private init(name: String, place: Place) {
    self.name = name
    self.place = place
  }

  /// The objects that a URL stands for: itself, or those of a bucket below `s3://BUCKET/PREFIX/`, or that match a pattern.
  /// - Throws: `TableError` when there is none, or the bucket cannot be listed.
  static func at(_ path: String, _ environment: [String: String]) throws(TableError) -> [RemoteObject] {
    guard path.hasSuffix("/") || path.contains(where: { "*?[".contains($0) }), let (bucket, pattern) = try bucket(of: path, environment) else {
      return [try RemoteObject(path, environment)]
    }
    let keys = try bucket.keys(matching: pattern)
    guard !keys.isEmpty else {
      throw TableError(source: path, problem: "has no data files", advice: "they end in .csv, .tsv, .jsonl (each also with .gz) or .parquet")
    }
    return keys.map { RemoteObject(bucket, key: $0) }
  }

  /// A request for the object, or a part of it.
  /// - Parameters:
  ///   - range: offsets, the last one included; nil behind it is to the end.
  ///   - tag: of the content that is wanted, as the server named it.
  func request(_ method: HTTPRequest.Method = .get, from: Int = 0, through: Int? = nil, tag: String? = nil) -> HTTPRequest {
    var headers = HTTPHeaders()
    if from > 0 || through != nil { headers.add("Range", "bytes=\(from)-\(through.map(String.init) ?? "")") }
    if let tag { headers.add("If-Match", tag) }
    switch place {
    case .web(let url): return HTTPRequest(method, url, headers: headers, redirects: .followed(atMost: 5))
    case .bucket(let bucket, let key): return bucket.request(method, key: key, headers: headers, at: .now())
    }
  }

  /// What an answer that is none of the object means.
  func failure(status: Int, body: [UInt8]) -> TableError {
    let code = S3Bucket.element("Code", in: String(decoding: body, as: UTF8.self))
    let found = "the server answered \(status)\(code.map { " (\($0))" } ?? "")"
    switch status {
    case 401, 403:
      guard case .bucket = place else { return TableError(source: name, problem: "is not for everybody: \(found)", advice: "check the URL") }
      return TableError(
        source: name, problem: "is not for everybody: \(found)",
        advice: "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION, and what they may read")
    case 404, 410: return TableError(source: name, problem: "is not there: \(found)", advice: "check the URL")
    case 412: return RemoteObject.changed(name)
    default: return TableError(source: name, problem: "cannot be read: \(found)", advice: "try again, or check the URL")
    }
  }

  func failure(_ error: HTTPError) -> TableError {
    TableError(source: name, problem: "cannot be read: \(error.detail)", advice: "check the URL and the network")
  }

  static func changed(_ name: String) -> TableError {
    TableError(source: name, problem: "changed while it was read", advice: "read it again when it is complete")
  }
}
