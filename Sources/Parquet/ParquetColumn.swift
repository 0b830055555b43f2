/// A column of a Parquet file without nesting: how its values are stored, and what they mean.
package struct ParquetColumn: Sendable, Hashable {
  /// How values lie in the file.
  enum Physical: Int, Sendable {
    case boolean, int32, int64, int96, float, double, byteArray, fixedBytes
  }

  /// What values mean.
  package enum Meaning: Sendable, Hashable {
    case boolean
    case integer(isSigned: Bool)
    case fraction
    /// Integers, or bytes with the highest first, divided by ten to the power of `scale`.
    case decimal(scale: Int)
    /// Half precision in two bytes.
    case half
    /// Since 1970, as so many microseconds a unit; below it when `perMicrosecond` divides.
    case time(microseconds: Int64, perMicrosecond: Int64)
    /// Since midnight, as so many units a second.
    case timeOfDay(perSecond: Int64)
    /// Nanoseconds of the day and its Julian number, as Impala and old Spark wrote times.
    case julianTime
    case text
    case uuid
  }

  package let name: String
  package let meaning: Meaning
  let physical: Physical
  /// Of `fixedBytes`.
  let length: Int
  let isNullable: Bool

  /// Whether all values are whole numbers.
  package var isWhole: Bool { if case .integer = meaning { true } else { false } }

  /// - Throws: when its values are of a kind that this reader has no use for.
  init(_ element: ParquetMetadata.Element) throws(ParquetError) {
    name = element.name
    guard let raw = element.physical, let physical = Physical(rawValue: raw) else {
      throw ParquetError("its type is not one that Parquet has", column: element.name)
    }
    self.physical = physical
    length = element.length
    isNullable = element.repetition == 1
    if physical == .fixedBytes, !(1...65_536).contains(length) { throw ParquetError("its values have no size", column: element.name) }
    meaning = try ParquetColumn.meaning(element, physical)
    if case .decimal(let scale) = meaning, scale > 300 { throw ParquetError("its decimals have a scale of \(scale)", column: element.name) }
  }

  private static func meaning(_ element: ParquetMetadata.Element, _ physical: Physical) throws(ParquetError) -> Meaning {
    let declared = try element.logical.map { type throws(ParquetError) in try of(type, element) } ?? old(element)
    guard let declared else {
      switch physical {
      case .boolean: return .boolean
      case .int32, .int64: return .integer(isSigned: true)
      case .int96: return .julianTime
      case .float, .double: return .fraction
      case .byteArray, .fixedBytes: return .text
      }
    }
    let fits =
      switch declared {
      case .integer, .time, .timeOfDay: physical == .int32 || physical == .int64
      case .decimal: [.int32, .int64, .byteArray, .fixedBytes].contains(physical)
      case .half: physical == .fixedBytes && element.length == 2
      case .uuid: physical == .fixedBytes && element.length == 16
      case .text: physical == .byteArray || physical == .fixedBytes
      case .boolean, .fraction, .julianTime: true
      }
    guard fits else { throw ParquetError("its logical type does not fit how it is stored", column: element.name) }
    return declared
  }

  private static func of(_ type: ParquetMetadata.LogicalType, _ element: ParquetMetadata.Element) throws(ParquetError) -> Meaning? {
    switch type {
    case .string, .enumeration, .json, .bson: return .text
    case .decimal(let scale): return .decimal(scale: scale)
    case .date: return .time(microseconds: 86_400_000_000, perMicrosecond: 1)
    case .timestamp(.milli): return .time(microseconds: 1000, perMicrosecond: 1)
    case .timestamp(.micro): return .time(microseconds: 1, perMicrosecond: 1)
    case .timestamp(.nano): return .time(microseconds: 1, perMicrosecond: 1000)
    case .time(.milli): return .timeOfDay(perSecond: 1000)
    case .time(.micro): return .timeOfDay(perSecond: 1_000_000)
    case .time(.nano): return .timeOfDay(perSecond: 1_000_000_000)
    case .integer(let isSigned): return .integer(isSigned: isSigned)
    case .uuid: return .uuid
    case .float16: return .half
    // A column of nothing but nulls, of any physical type.
    case .null: return nil
    case .map, .list: throw .unsupported("is nested (a \(type)); only flat columns are read", column: element.name)
    case .unknown(let number): throw .unsupported("has the logical type \(number), which this version does not know", column: element.name)
    }
  }

  /// The older way to say what values mean.
  private static func old(_ element: ParquetMetadata.Element) -> Meaning? {
    switch element.converted {
    case 0, 4, 19, 20: .text
    case 5: .decimal(scale: element.scale)
    case 6: .time(microseconds: 86_400_000_000, perMicrosecond: 1)
    case 7: .timeOfDay(perSecond: 1000)
    case 8: .timeOfDay(perSecond: 1_000_000)
    case 9: .time(microseconds: 1000, perMicrosecond: 1)
    case 10: .time(microseconds: 1, perMicrosecond: 1)
    case 11, 12, 13, 14: .integer(isSigned: false)
    case 15, 16, 17, 18: .integer(isSigned: true)
    default: nil
    }
  }
}
