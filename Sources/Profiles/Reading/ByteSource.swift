internal import CZlib
internal import Foundation

/// Where the bytes of a data file come from; can be read again from the start.
enum ByteSource {
  case file(String)
  case gzip(String)
  case memory([UInt8], name: String)

  /// What reads it once, from the start.
  func open() throws(TableError) -> ByteStream {
    switch self {
    case .file(let path): return .file(try FileStream(path))
    case .gzip(let path): return .gzip(try GzipStream(path))
    case .memory(let bytes, _): return .memory(MemoryStream(bytes))
    }
  }

  /// All of standard input.
  static func standardInput() throws(TableError) -> ByteSource {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = chunk.withUnsafeMutableBytes { Glibc.read(0, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw TableError(source: "standard input", problem: "cannot be read: \(String(cString: strerror(errno)))", advice: "check where it comes from")
      }
      if count == 0 { return .memory(bytes, name: "standard input") }
      bytes.append(contentsOf: chunk[0..<count])
    }
  }
}

/// An open source.
enum ByteStream {
  case file(FileStream)
  case gzip(GzipStream)
  case memory(MemoryStream)

  /// Fills the buffer as far as the source goes; fewer bytes than asked for means the end.
  func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count =
        switch self {
        case .file(let stream): try stream.read(rest)
        case .gzip(let stream): try stream.read(rest)
        case .memory(let stream): stream.read(rest)
        }
      if count == 0 { break }
      filled += count
    }
    return filled
  }
}

/// Bytes already at hand.
final class MemoryStream {
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
final class FileStream {
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

/// A gzip file, unpacked while it is read; several members in a row are one text.
final class GzipStream {
  private let file: FileStream
  private let path: String
  private var stream = z_stream()
  private let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)
  private var available = 0
  private var used = 0
  private var ended = false
  private var inMember = false

  init(_ path: String) throws(TableError) {
    self.path = path
    file = try FileStream(path)
    // 15 + 16: the largest window, with a gzip header.
    guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw TableError(source: path, problem: "cannot be unpacked: zlib did not start", advice: "unpack it with gunzip")
    }
  }

  deinit {
    inflateEnd(&stream)
    input.deallocate()
  }

  func read(_ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    var produced = 0
    while produced == 0, !ended {
      if used == available {
        available = try file.read(UnsafeMutableRawBufferPointer(input))
        used = 0
        if available == 0 {
          ended = true
          if inMember { throw TableError(source: path, problem: "ends in the middle of the gzip data", advice: "it was cut off; copy it again") }
          break
        }
      }
      produced = try step(buffer)
    }
    return produced
  }

  private func step(_ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    inMember = true
    stream.next_in = input.baseAddress.map { $0 + used }
    stream.avail_in = UInt32(available - used)
    stream.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(min(buffer.count, Int(UInt32.max)))
    let room = stream.avail_out
    let status = inflate(&stream, Z_NO_FLUSH)
    used = available - Int(stream.avail_in)
    let count = Int(room - stream.avail_out)
    switch status {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END:
      inMember = false
      inflateReset(&stream)
    default: throw TableError(source: path, problem: "is not valid gzip data", advice: "copy it again, or drop .gz from its name if it is not packed")
    }
    return count
  }
}
