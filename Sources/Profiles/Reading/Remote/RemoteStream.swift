internal import HTTPTransport

/// An object from the beginning to its end. A connection that is lost is made again where it broke off.
final class RemoteStream: ByteStream {
  private let object: RemoteObject
  private var download: HTTPDownload?
  private var offset = 0
  /// Of the content that was begun.
  private var tag: String?
  private var delay = RetryDelay()

  /// Why there are no more bytes now.
  private enum Interruption: Error {
    case passing(TableError)
    case lasting(TableError)
  }

  /// Asks for nothing yet.
  init(_ object: RemoteObject) { self.object = object }

  func read(_ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    while true {
      do throws(Interruption) {
        let open: HTTPDownload
        if let download { open = download } else { open = try connect() }
        download = open
        let count = try asking { () throws(HTTPError) in try open.read(buffer) }
        offset += count
        if count > 0 { delay.reset() }
        return count
      } catch {
        download = nil
        switch error {
        case .lasting(let error): throw error
        case .passing(let error): if !delay.wait() { throw error }
        }
      }
    }
  }

  private func connect() throws(Interruption) -> HTTPDownload {
    // A weak tag matches nothing, by RFC 9110.
    let wanted = offset > 0 && tag?.hasPrefix("W/") == false ? tag : nil
    let request = object.request(from: offset, tag: wanted)
    let open = try asking { () throws(HTTPError) in try HTTPDownload(request) }
    let (status, headers) = try asking { () throws(HTTPError) in try open.response() }
    switch status {
    case 206 where offset > 0: return open
    case 200:
      if offset > 0 {
        // The server gives no parts: what was read already is read once more.
        guard headers["ETag"] == tag else { throw .lasting(RemoteObject.changed(object.name)) }
        try pass(offset, of: open)
      }
      tag = headers["ETag"]
      return open
    case 416: throw .lasting(RemoteObject.changed(object.name))
    default:
      var body = [UInt8](repeating: 0, count: 4096)
      let count = body.withUnsafeMutableBytes { bytes in (try? open.read(bytes)) ?? 0 }
      let failure = object.failure(status: status, body: Array(body[..<count]))
      throw RetryDelay.isWorthwhile(status) ? .passing(failure) : .lasting(failure)
    }
  }

  private func pass(_ count: Int, of open: HTTPDownload) throws(Interruption) {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { scratch.deallocate() }
    var left = count
    while left > 0 {
      let part = UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(left, scratch.count)])
      let got = try asking { () throws(HTTPError) in try open.read(part) }
      guard got > 0 else { throw .lasting(RemoteObject.changed(object.name)) }
      left -= got
    }
  }

  private func asking<Result>(_ body: () throws(HTTPError) -> Result) throws(Interruption) -> Result {
    do throws(HTTPError) { return try body() } catch {
      throw error.isRetryable ? .passing(object.failure(error)) : .lasting(object.failure(error))
    }
  }
}
