internal import CSnappy
internal import CZlib
internal import CZstd

/// How pages are compressed.
enum Codec: Int, Sendable {
  case none, snappy, gzip, lzo, brotli, lz4, zstandard, lz4Raw

  /// The largest page that is unpacked: far beyond what writers make, and small enough to be had.
  static let largestPage = 1 << 30

  /// Unpacks `packed` into exactly `target`.
  /// - Throws: `ParquetError` when the bytes are damaged or give another size.
  func unpack(_ packed: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws(ParquetError) {
    guard target.count > 0 else { return }
    switch self {
    case .none:
      guard packed.count == target.count else { throw ParquetError("a page has \(packed.count) bytes, and its header says \(target.count)") }
      target.copyMemory(from: packed)
    case .snappy:
      var size = target.count
      let source = packed.baseAddress?.assumingMemoryBound(to: CChar.self)
      let destination = target.baseAddress?.assumingMemoryBound(to: CChar.self)
      var length = 0
      guard snappy_uncompressed_length(source, packed.count, &length) == SNAPPY_OK, length == target.count,
        snappy_uncompress(source, packed.count, destination, &size) == SNAPPY_OK, size == target.count
      else { throw ParquetError("a page is not valid Snappy data") }
    case .zstandard:
      guard ZSTD_decompress(target.baseAddress, target.count, packed.baseAddress, packed.count) == target.count else {
        throw ParquetError("a page is not valid Zstandard data")
      }
    case .gzip: try inflate(packed, target)
    case .lzo, .brotli, .lz4, .lz4Raw:
      throw .unsupported("is compressed with \(self == .lz4Raw ? "lz4" : "\(self)"), which is not read; write it with snappy, zstd or gzip")
    }
  }

  /// Several members may follow one another.
  private func inflate(_ packed: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) throws(ParquetError) {
    var stream = z_stream()
    // 15 + 32: the largest window, with a gzip or zlib header.
    guard inflateInit2_(&stream, 47, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw ParquetError("zlib did not start") }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: packed.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(clamping: packed.count)
    stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(clamping: target.count)
    while true {
      let status = CZlib.inflate(&stream, Z_FINISH)
      guard status == Z_STREAM_END else { throw ParquetError("a page is not valid gzip data") }
      if stream.avail_in == 0 { break }
      guard stream.avail_out > 0 else { throw ParquetError("a page is longer than its header says") }
      inflateReset(&stream)
    }
    guard stream.avail_out == 0 else { throw ParquetError("a page is shorter than its header says") }
  }
}
