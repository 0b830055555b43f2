internal import Crypto
internal import Foundation
internal import HTTPTransport
public import Values

/// A file, or a folder of files, behind `s3://` or `https://`, as far as it can be seen without reading it.
public struct RemoteFile: Sendable, Hashable {
  /// Its URL; of a folder with a slash at the end.
  public let path: String
  /// Bytes of all that belongs to it; 0 when the server does not say.
  public let size: Int
  /// When it was last written, of a folder its newest file; nil when the server does not say.
  public let modified: Timestamp?
  /// What the server calls this content; nil when it does not say. Of a folder nil.
  public let tag: String?
  /// Whether a folder holds `_SUCCESS`, which its writer leaves last; of a file true.
  public let isComplete: Bool

  /// Whether a path is a URL of these.
  public static func isRemote(_ path: String) -> Bool { RemoteObject.isRemote(path) }

  /// What a URL stands for. Of a bucket, the objects and folders whose keys match a pattern as paths match in a shell (a star does not reach over slashes;
  /// one slash at its end does not matter), in the order of their keys; names that begin with a dot or an underscore, and what is no data file in a folder,
  /// are passed over. Of a web server the file itself. It blocks.
  /// - Parameter environment: where the variables for `s3://` are looked up; nil: the process's own.
  /// - Throws: `TableError` when the server does not answer, or not this one.
  public static func matching(_ pattern: String, environment: [String: String]? = nil) throws(TableError) -> [RemoteFile] {
    let environment = environment ?? ProcessInfo.processInfo.environment
    guard let (bucket, key) = try RemoteObject.bucket(of: pattern, environment) else { return [try RemoteObject(pattern, environment).seen()] }
    let parts = key.split(separator: "/")
    guard !parts.isEmpty else {
      throw TableError(source: pattern, problem: "names no object", advice: "write s3://BUCKET/KEY, s3://BUCKET/FOLDER/*.csv or s3://BUCKET/date=*/")
    }
    var found: [String: RemoteFile] = [:]
    for object in try bucket.objects(prefix: String(parts.joined(separator: "/").prefix { !"*?[".contains($0) })) {
      let names = object.key.split(separator: "/")
      guard names.count >= parts.count, !names[parts.count - 1].hasPrefix("_"),
        fnmatch(parts.joined(separator: "/"), names.prefix(parts.count).joined(separator: "/"), FNM_PATHNAME | FNM_PERIOD) == 0
      else {
        continue
      }
      let isFile = names.count == parts.count && !object.key.hasSuffix("/")
      let path = "s3://\(bucket.name)/" + names.prefix(parts.count).joined(separator: "/") + (isFile ? "" : "/")
      if isFile {
        found[path] = RemoteFile(path: path, size: object.size, modified: object.modified, tag: object.tag, isComplete: true)
      } else {
        found[path] = (found[path] ?? RemoteFile(path: path, size: 0, modified: nil, tag: nil, isComplete: false)).adding(
          object, named: names.dropFirst(parts.count))
      }
    }
    return found.values.filter { $0.size > 0 || !$0.path.hasSuffix("/") }.sorted { $0.path < $1.path }
  }

  private func adding(_ object: S3Bucket.Object, named names: ArraySlice<Substring>) -> RemoteFile {
    if names.elementsEqual(["_SUCCESS"]) { return RemoteFile(path: path, size: size, modified: modified, tag: tag, isComplete: true) }
    guard S3Bucket.isData(names) else { return self }
    return RemoteFile(path: path, size: size + object.size, modified: [modified, object.modified].compactMap { $0 }.max(), tag: nil, isComplete: isComplete)
  }

  /// The SHA-256 and size of each file that a URL stands for, with what its name adds to the URL. It reads them, and blocks.
  /// - Throws: `TableError` when there is none, or one cannot be read.
  public static func checksums(
    _ path: String, environment: [String: String]? = nil
  ) throws(TableError) -> [(name: String, sha256: [UInt8], size: Int)] {
    let environment = environment ?? ProcessInfo.processInfo.environment
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { buffer.deallocate() }
    var found: [(name: String, sha256: [UInt8], size: Int)] = []
    for object in try RemoteObject.at(path, environment) {
      let stream = RemoteStream(object)
      var (hash, size) = (SHA256(), 0)
      while true {
        let count = try stream.read(buffer)
        if count == 0 { break }
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        size += count
      }
      found.append((object.name.hasPrefix(path) ? String(object.name.dropFirst(path.count)) : object.name, Array(hash.finalize()), size))
    }
    return found
  }
}

extension RemoteObject {
  /// The bucket and the key, or the pattern, of an `s3://` URL; nil for any other.
  static func bucket(of path: String, _ environment: [String: String]) throws(TableError) -> (S3Bucket, key: String)? {
    guard path.lowercased().hasPrefix("s3://") else { return nil }
    let rest = path.dropFirst(5)
    let name = rest.prefix { $0 != "/" }
    return (try S3Bucket(name: String(name), environment: environment), String(rest.dropFirst(name.count + 1)))
  }

  /// What a web server says of a file without sending it.
  fileprivate func seen() throws(TableError) -> RemoteFile {
    var delay = RetryDelay()
    while true {
      let failure: TableError
      let isPassing: Bool
      do throws(HTTPError) {
        let (status, headers) = try HTTPDownload(request(.head)).response()
        if status == 200 {
          return RemoteFile(
            path: path, size: headers["Content-Length"].flatMap(Int.init) ?? 0, modified: headers["Last-Modified"].flatMap(RemoteObject.time),
            tag: headers["ETag"], isComplete: true)
        }
        (failure, isPassing) = (self.failure(status: status, body: []), RetryDelay.isWorthwhile(status))
      } catch {
        (failure, isPassing) = (self.failure(error), error.isRetryable)
      }
      guard isPassing, delay.wait() else { throw failure }
    }
  }

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7); nil for anything else.
  static func time(_ text: String) -> Timestamp? {
    let parts = text.split(separator: " ")
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else { return nil }
    return Timestamp("\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4])Z")
  }
}
