/// What the footer of a Parquet file says. Source: apache/parquet-format, parquet.thrift.
struct ParquetMetadata: Sendable {
  /// An element of the schema, which is a tree written in depth-first order.
  struct Element: Sendable {
    var name = ""
    var physical: Int?
    var length = 0
    /// 0 required, 1 optional, 2 repeated.
    var repetition = 0
    var children = 0
    var converted: Int?
    var scale = 0
    var logical: LogicalType?
  }

  /// The newer of the two ways to say what values mean.
  enum LogicalType: Sendable, Hashable {
    case string, map, list, enumeration, date, null, json, bson, uuid, float16
    case decimal(scale: Int)
    case time(TimeUnit)
    case timestamp(TimeUnit)
    case integer(isSigned: Bool)
    case unknown(Int)
  }

  enum TimeUnit: Int, Sendable { case milli = 1, micro, nano }

  struct RowGroup: Sendable {
    var rows = 0
    var chunks: [Chunk] = []
  }

  /// Where a row group's values of one column are.
  struct Chunk: Sendable {
    var path: [String] = []
    var physical = -1
    var codec = 0
    var values = 0
    var compressedSize = 0
    var dataPage = 0
    var dictionaryPage: Int?
    var isElsewhere = false
    var isEncrypted = false
  }

  var rows = 0
  var elements: [Element] = []
  var groups: [RowGroup] = []
  var isEncrypted = false

  init(_ bytes: UnsafeRawBufferPointer) throws(ParquetError) {
    var reader = ThriftReader(bytes)
    var (rows, elements, groups, isEncrypted) = (0, [Element](), [RowGroup](), false)
    try reader.structure { reader, field throws(ParquetError) in
      switch (field.id, field.kind) {
      case (2, .list):
        for _ in 0..<(try reader.list(of: .structure)) { elements.append(try ParquetMetadata.element(&reader)) }
      case (3, .int64): rows = try reader.count(atMost: 1 << 48)
      case (4, .list):
        for _ in 0..<(try reader.list(of: .structure)) { groups.append(try ParquetMetadata.group(&reader)) }
      case (8, .structure):
        isEncrypted = true
        return false
      default: return false
      }
      return true
    }
    (self.rows, self.elements, self.groups, self.isEncrypted) = (rows, elements, groups, isEncrypted)
  }

  private static func element(_ reader: inout ThriftReader) throws(ParquetError) -> Element {
    var element = Element()
    try reader.structure(depth: 2) { reader, field throws(ParquetError) in
      switch (field.id, field.kind) {
      case (1, .int32): element.physical = try reader.count()
      case (2, .int32): element.length = try reader.count()
      case (3, .int32): element.repetition = try reader.count()
      case (4, .binary): element.name = try reader.text()
      case (5, .int32): element.children = try reader.count()
      case (6, .int32): element.converted = try reader.count()
      case (7, .int32): element.scale = try reader.count()
      case (10, .structure): element.logical = try logical(&reader)
      default: return false
      }
      return true
    }
    return element
  }

  private static func logical(_ reader: inout ThriftReader) throws(ParquetError) -> LogicalType? {
    var found: LogicalType?
    try reader.structure(depth: 3) { reader, field throws(ParquetError) in
      guard field.kind == .structure else { return false }
      var (scale, isSigned, unit) = (0, false, TimeUnit?.none)
      try reader.structure(depth: 4) { reader, inner throws(ParquetError) in
        switch (field.id, inner.id, inner.kind) {
        case (5, 1, .int32): scale = try reader.count()
        case (10, 2, .yes): isSigned = true
        case (7, 2, .structure), (8, 2, .structure):
          try reader.structure(depth: 5) { _, choice throws(ParquetError) in
            unit = TimeUnit(rawValue: choice.id)
            return false
          }
        default: return false
        }
        return true
      }
      found =
        switch field.id {
        case 1: .string
        case 2: .map
        case 3: .list
        case 4: .enumeration
        case 5: .decimal(scale: scale)
        case 6: .date
        case 7: unit.map { .time($0) } ?? .unknown(7)
        case 8: unit.map { .timestamp($0) } ?? .unknown(8)
        case 10: .integer(isSigned: isSigned)
        case 11: .null
        case 12: .json
        case 13: .bson
        case 14: .uuid
        case 15: .float16
        default: .unknown(field.id)
        }
      return true
    }
    return found
  }

  private static func group(_ reader: inout ThriftReader) throws(ParquetError) -> RowGroup {
    var group = RowGroup()
    try reader.structure(depth: 2) { reader, field throws(ParquetError) in
      switch (field.id, field.kind) {
      case (1, .list):
        for _ in 0..<(try reader.list(of: .structure)) { group.chunks.append(try chunk(&reader)) }
      case (3, .int64): group.rows = try reader.count(atMost: 1 << 48)
      default: return false
      }
      return true
    }
    return group
  }

  private static func chunk(_ reader: inout ThriftReader) throws(ParquetError) -> Chunk {
    var chunk = Chunk()
    try reader.structure(depth: 3) { reader, field throws(ParquetError) in
      switch (field.id, field.kind) {
      case (1, .binary): chunk.isElsewhere = try !reader.binary().isEmpty
      case (3, .structure): try details(&reader, &chunk)
      case (8, .structure):
        chunk.isEncrypted = true
        return false
      default: return false
      }
      return true
    }
    return chunk
  }

  private static func details(_ reader: inout ThriftReader, _ chunk: inout Chunk) throws(ParquetError) {
    var read = chunk
    try reader.structure(depth: 4) { reader, field throws(ParquetError) in
      switch (field.id, field.kind) {
      case (1, .int32): read.physical = try reader.count()
      case (3, .list):
        for _ in 0..<(try reader.list(of: .binary)) { read.path.append(try reader.text()) }
      case (4, .int32): read.codec = try reader.count()
      case (5, .int64): read.values = try reader.count(atMost: 1 << 48)
      case (7, .int64): read.compressedSize = try reader.count(atMost: 1 << 60)
      case (9, .int64): read.dataPage = try reader.count(atMost: 1 << 60)
      case (11, .int64): read.dictionaryPage = try reader.count(atMost: 1 << 60)
      default: return false
      }
      return true
    }
    chunk = read
  }
}
