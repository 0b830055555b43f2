internal import HTTPTransport
internal import Parquet

/// An object of which parts are asked for, all of one content.
final class RemoteBytes: ParquetSource {
  private let object: RemoteObject
  private let client: HTTPClient
  private let tag: String?
  let size: Int

  /// - Throws: when it is not there, or the server gives no parts of it.
  init(_ object: RemoteObject) throws(ParquetError) {
    self.object = object
    do throws(HTTPError) { client = try HTTPClient(maximumConnections: 8) } catch { throw ParquetError("cannot be read: \(error.detail)", isUnsupported: true) }
    let response = try RemoteBytes.answer(object.request(from: 0, through: 0), of: object, client)
    guard response.status == 206, let total = response.headers["Content-Range"]?.split(separator: "/").last.flatMap({ Int($0) }) else {
      throw ParquetError("is on a server that gives no parts of files, which reading Parquet needs", isUnsupported: true)
    }
    size = total
    tag = response.headers["ETag"].flatMap { $0.hasPrefix("W/") ? nil : $0 }
  }

  deinit { client.close() }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ParquetError) {
    guard !buffer.isEmpty else { return }
    let response = try RemoteBytes.answer(object.request(from: offset, through: offset + buffer.count - 1, tag: tag), of: object, client)
    guard response.status == 206, response.body.count == buffer.count else {
      throw ParquetError("the server gave \(response.body.count) bytes where \(buffer.count) were asked for", offset: offset)
    }
    buffer.copyBytes(from: response.body)
  }

  private static func answer(_ request: HTTPRequest, of object: RemoteObject, _ client: HTTPClient) throws(ParquetError) -> HTTPResponse {
    var request = request
    request.maximumResponseBytes = 1 << 31
    request.timeout = .seconds(600)
    var delay = RetryDelay()
    while true {
      let failure: TableError
      switch Waiting.result({ [request] in try await client.send(request) }) {
      case .success(let response):
        if response.status == 200 || response.status == 206 { return response }
        failure = object.failure(status: response.status, body: response.body)
        guard RetryDelay.isWorthwhile(response.status), delay.wait() else { throw ParquetError(failure.problem, isUnsupported: true) }
      case .failure(let error):
        guard let error = error as? HTTPError else { throw ParquetError("cannot be read: \(error)", isUnsupported: true) }
        guard error.isRetryable, delay.wait() else { throw ParquetError(object.failure(error).problem, isUnsupported: true) }
      }
    }
  }
}
