/// What stands before a page.
struct PageHeader: Sendable {
  enum Kind: Sendable, Hashable {
    /// Levels are part of what is compressed.
    case data
    /// Levels come first, uncompressed, in so many bytes.
    case dataV2(definitionBytes: Int, repetitionBytes: Int, isCompressed: Bool)
    case dictionary
    /// An index, or what later versions bring.
    case other
  }

  var kind = Kind.other
  var values = 0
  var encoding = -1
  var definitionEncoding = 3
  var compressedSize = 0
  var uncompressedSize = 0
  var checksum: UInt32?

  /// - Throws: `ThriftReader.cutOff` when there are too few bytes.
  init(_ reader: inout ThriftReader) throws(ParquetError) {
    var page = PageHeader()
    var type = -1
    try reader.structure { reader, field throws(ParquetError) in
      switch (field.id, field.kind) {
      case (1, .int32): type = try reader.count()
      case (2, .int32): page.uncompressedSize = try reader.count()
      case (3, .int32): page.compressedSize = try reader.count()
      case (4, .int32): page.checksum = UInt32(truncatingIfNeeded: try reader.integer())
      case (5, .structure):
        page.kind = .data
        try reader.structure(depth: 1) { reader, inner throws(ParquetError) in
          switch (inner.id, inner.kind) {
          case (1, .int32): page.values = try reader.count()
          case (2, .int32): page.encoding = try reader.count()
          case (3, .int32): page.definitionEncoding = try reader.count()
          default: return false
          }
          return true
        }
      case (7, .structure):
        page.kind = .dictionary
        try reader.structure(depth: 1) { reader, inner throws(ParquetError) in
          switch (inner.id, inner.kind) {
          case (1, .int32): page.values = try reader.count()
          case (2, .int32): page.encoding = try reader.count()
          default: return false
          }
          return true
        }
      case (8, .structure):
        var (definition, repetition, isCompressed) = (0, 0, true)
        try reader.structure(depth: 1) { reader, inner throws(ParquetError) in
          switch (inner.id, inner.kind) {
          case (1, .int32): page.values = try reader.count()
          case (4, .int32): page.encoding = try reader.count()
          case (5, .int32): definition = try reader.count()
          case (6, .int32): repetition = try reader.count()
          case (7, .no): isCompressed = false
          default: return false
          }
          return true
        }
        page.kind = .dataV2(definitionBytes: definition, repetitionBytes: repetition, isCompressed: isCompressed)
      default: return false
      }
      return true
    }
    let fits =
      switch page.kind {
      case .data: type == 0
      case .dictionary: type == 2
      case .dataV2: type == 3
      case .other: type == 1 || type > 3
      }
    guard fits else { throw ParquetError("a page's header contradicts itself") }
    self = page
  }

  private init() {}
}
