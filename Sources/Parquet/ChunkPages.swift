internal import CZlib

/// The pages of a column in one row group, one after another, unpacked.
struct ChunkPages {
  /// A page, or what is left of it.
  struct Page {
    let header: PageHeader
    let bytes: PageBytes
    /// Where its header stands in the file.
    let offset: Int
  }

  private let source: any ParquetSource
  private let codec: Codec
  private let end: Int
  /// Of the file: the first byte of `window`.
  private var windowStart: Int
  private var window: [UInt8] = []
  /// The next byte.
  private var position: Int

  /// What is read at once; a page that is longer is read whole.
  private static let readAhead = 1 << 20
  private static let longestHeader = 16 << 20
  /// A page has fewer, whoever wrote it: a damaged count must not become endless rows.
  private static let mostValues = 1 << 26

  init(_ chunk: ParquetMetadata.Chunk, of file: ParquetFile) throws(ParquetError) {
    guard !chunk.isEncrypted else { throw .unsupported("is encrypted") }
    guard !chunk.isElsewhere else { throw .unsupported("is kept in another file") }
    guard let codec = Codec(rawValue: chunk.codec) else { throw .unsupported("has the compression \(chunk.codec), which this version does not know") }
    var start = chunk.dataPage
    // Some writers put 0 where there is no dictionary.
    if let dictionary = chunk.dictionaryPage, dictionary >= 4 { start = min(start, dictionary) }
    guard start >= 4, start <= file.footerStart, chunk.compressedSize <= file.footerStart - start else {
      throw ParquetError("its pages lie outside of the file (from byte \(start), \(chunk.compressedSize) bytes)", offset: start)
    }
    source = file.source
    self.codec = codec
    end = start + chunk.compressedSize
    windowStart = start
    position = start
  }

  /// The next page with values; nil at the chunk's end.
  mutating func next() throws(ParquetError) -> Page? {
    while position < end {
      let offset = position
      do throws(ParquetError) {
        let header = try header()
        guard header.compressedSize <= end - position else {
          throw ParquetError("a page claims \(header.compressedSize) bytes, and its column has \(end - position) left")
        }
        guard header.values <= ChunkPages.mostValues else { throw ParquetError("a page claims \(header.values) values") }
        if header.kind == .other {
          position += header.compressedSize
          continue
        }
        return Page(header: header, bytes: try body(header), offset: offset)
      } catch {
        throw error.located(offset: offset)
      }
    }
    return nil
  }

  private mutating func header() throws(ParquetError) -> PageHeader {
    var wanted = 512
    while true {
      try load(min(wanted, end - position))
      let from = position - windowStart
      var parsed: (PageHeader, Int)?
      var failure: ParquetError?
      window.withUnsafeBytes { bytes in
        var reader = ThriftReader(bytes, at: from)
        do throws(ParquetError) { parsed = (try PageHeader(&reader), reader.position) } catch { failure = error }
      }
      if let (header, behind) = parsed {
        position = windowStart + behind
        return header
      }
      // Statistics may make a header long.
      guard failure == ThriftReader.cutOff, window.count - from < end - position, wanted < ChunkPages.longestHeader else {
        throw failure ?? ThriftReader.cutOff
      }
      wanted = max(wanted, window.count - from) * 2
    }
  }

  /// Makes sure that the next `count` bytes are in the window.
  private mutating func load(_ count: Int) throws(ParquetError) {
    guard position - windowStart + count > window.count else { return }
    let size = min(max(count, ChunkPages.readAhead), end - position)
    var failure: ParquetError?
    let kept = window.count - (position - windowStart)
    let next = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      if kept > 0 { window.withUnsafeBytes { raw.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[($0.count - kept)...])) } }
      do throws(ParquetError) {
        try source.read(at: position + max(0, kept), into: UnsafeMutableRawBufferPointer(rebasing: raw[max(0, kept)..<size]))
        filled = size
      } catch { failure = error }
    }
    if let failure { throw failure }
    window = next
    windowStart = position
  }

  private mutating func body(_ header: PageHeader) throws(ParquetError) -> PageBytes {
    guard header.uncompressedSize <= Codec.largestPage, header.compressedSize <= Codec.largestPage else {
      throw ParquetError("a page claims \(max(header.uncompressedSize, header.compressedSize)) bytes")
    }
    try load(header.compressedSize)
    let from = position - windowStart
    position += header.compressedSize
    return try window.withBytes { all throws(ParquetError) in
      try ChunkPages.unpack(UnsafeRawBufferPointer(rebasing: all[from..<from + header.compressedSize]), header, codec)
    }
  }

  private static func unpack(_ packed: UnsafeRawBufferPointer, _ header: PageHeader, _ codec: Codec) throws(ParquetError) -> PageBytes {
    if let expected = header.checksum {
      let found = crc32(0, packed.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(packed.count))
      guard found == UInt(expected) || packed.isEmpty else { throw ParquetError("a page's checksum is wrong: it was damaged") }
    }
    guard case .dataV2(let definition, let repetition, let isCompressed) = header.kind else {
      let page = PageBytes(count: header.uncompressedSize)
      try codec.unpack(packed, into: page.writable)
      return page
    }
    let levels = definition + repetition
    guard levels <= packed.count, levels <= header.uncompressedSize else { throw ParquetError("a page's levels are longer than the page") }
    let page = PageBytes(count: header.uncompressedSize)
    page.writable.copyMemory(from: UnsafeRawBufferPointer(rebasing: packed[..<levels]))
    let target = UnsafeMutableRawBufferPointer(rebasing: page.writable[levels...])
    try (isCompressed ? codec : .none).unpack(UnsafeRawBufferPointer(rebasing: packed[levels...]), into: target)
    return page
  }
}
