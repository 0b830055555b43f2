internal import CZlib

/// Gzip data, unpacked while they are read; several members in a row are one text.
final class GzipStream: ByteStream {
  private let packed: any ByteStream
  private let name: String
  private var stream = z_stream()
  private let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)
  private var available = 0
  private var used = 0
  private var ended = false
  private var inMember = false

  /// - Parameter name: as errors name the source.
  init(_ packed: any ByteStream, name: String) throws(TableError) {
    self.packed = packed
    self.name = name
    // 15 + 16: the largest window, with a gzip header.
    guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw TableError(source: name, problem: "cannot be unpacked: zlib did not start", advice: "unpack it with gunzip")
    }
  }

  deinit {
    inflateEnd(&stream)
    input.deallocate()
  }

  func read(_ buffer: UnsafeMutableRawBufferPointer) throws(TableError) -> Int {
    var produced = 0
    while produced == 0, !ended, !buffer.isEmpty {
      if used == available {
        available = try packed.read(UnsafeMutableRawBufferPointer(input))
        used = 0
        if available == 0 {
          ended = true
          if inMember { throw TableError(source: name, problem: "ends in the middle of the gzip data", advice: "it was cut off; copy it again") }
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
    default: throw TableError(source: name, problem: "is not valid gzip data", advice: "copy it again, or drop .gz from its name if it is not packed")
    }
    return count
  }
}
