internal import Foundation

/// Where the bytes of a data file come from; can be read again from the start.
indirect enum ByteSource: Sendable {
  case file(String)
  case memory([UInt8], name: String)
  case spooled(SpooledInput)
  case remote(RemoteObject)
  case gzip(ByteSource)

  /// As errors name it.
  var name: String {
    switch self {
    case .file(let path): path
    case .memory(_, let name): name
    case .spooled: StandardInput.name
    case .remote(let object): object.name
    case .gzip(let packed): packed.name
    }
  }

  /// What reads it once, from the start.
  func open() throws(TableError) -> any ByteStream {
    switch self {
    case .file(let path): try FileStream(path)
    case .memory(let bytes, _): MemoryStream(bytes)
    case .spooled(let input): SpooledStream(input)
    case .remote(let object): RemoteStream(object)
    case .gzip(let packed): try GzipStream(try packed.open(), name: name)
    }
  }

  /// The first bytes, as many as there are.
  func head(_ count: Int) throws(TableError) -> [UInt8] { try open().bytes(count) }
}

/// An open source, read from beginning to end.
protocol ByteStream {
  /// At least one byte, unless the buffer is empty; none at the end.
  func read(_ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int
}

extension ByteStream {
  /// Fills the buffer as far as the source goes; fewer bytes than asked for means the end.
  func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = try read(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// The next bytes, fewer at the end.
  func bytes(_ count: Int) throws(TableError) -> [UInt8] {
    var failure: TableError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(TableError) { filled = try fill(UnsafeMutableRawBufferPointer(buffer)) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// Bytes already at hand.
final class MemoryStream: ByteStream {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, bytes.count - offset)
    bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
    offset += count
    return count
  }
}

/// A file, read from beginning to end.
final class FileStream: ByteStream {
  private let descriptor: Int32
  private let path: String

  init(_ path: String) throws(TableError) {
    self.path = path
    descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw TableError(source: path, problem: "cannot be opened: \(String(cString: strerror(errno)))", advice: "check the path and its rights")
    }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  deinit { close(descriptor) }

  func read(_ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR else { throw TableError(source: path, problem: "cannot be read: \(String(cString: strerror(errno)))", advice: "check the file") }
    }
  }
}
