internal import Foundation

/// Standard input, which comes only once: what is small is kept in memory, what is large in a file that nobody else sees.
enum StandardInput {
  static let name = "standard input"
  /// More than this goes to disk.
  private static let kept = 64 << 20

  /// Reads it to its end.
  /// - Throws: `TableError` when it cannot be read, or there is no room for it.
  static func source() throws(TableError) -> ByteSource {
    var bytes: [UInt8] = []
    var spooled: SpooledInput?
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = chunk.withUnsafeMutableBytes { Glibc.read(0, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("cannot be read", "check where it comes from") }
      if count == 0 { break }
      if let spooled {
        try spooled.append(chunk[0..<count])
      } else {
        bytes.append(contentsOf: chunk[0..<count])
        guard bytes.count > kept else { continue }
        let file = try SpooledInput()
        try file.append(bytes[...])
        bytes = []
        spooled = file
      }
    }
    return spooled.map { .spooled($0) } ?? .memory(bytes, name: name)
  }

  static func failure(_ problem: String, _ advice: String) -> TableError {
    TableError(source: name, problem: "\(problem): \(String(cString: strerror(errno)))", advice: advice)
  }
}

/// Bytes in a temporary file without a name, gone when this object goes. Written by one thread, then read by any.
final class SpooledInput: Sendable {
  let descriptor: Int32

  init() throws(TableError) {
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    // mkstemp puts a name of its own in the place of six X.
    var path = Array("\(folder)/kedge-\(String(repeating: "X", count: 6))".utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else { throw StandardInput.failure("is large, and \(folder) takes no file", "set TMPDIR to a folder with room for it") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(path)
  }

  deinit { close(descriptor) }

  func append(_ bytes: ArraySlice<UInt8>) throws(TableError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw StandardInput.failure("is large, and cannot be kept", "set TMPDIR to a folder with room for it") }
      rest = rest.dropFirst(count)
    }
  }

  /// Fills the buffer from `offset` on, as far as the file goes.
  func read(at offset: Int, _ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    while true {
      let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      if count >= 0 { return count }
      guard errno == EINTR else { throw StandardInput.failure("cannot be read again", "give it as a file") }
    }
  }

  var size: Int {
    var information = stat()
    return fstat(descriptor, &information) == 0 ? Int(information.st_size) : 0
  }
}

/// Spooled bytes from the start.
final class SpooledStream: ByteStream {
  private let input: SpooledInput
  private var offset = 0

  init(_ input: SpooledInput) { self.input = input }

  func read(_ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    let count = try input.read(at: offset, buffer)
    offset += count
    return count
  }
}
