internal import Glibc
internal import Values

extension ParquetColumn {
  /// How values come out of a page before they mean anything.
  enum Lane { case integers, doubles, bytes }

  var lane: Lane {
    switch physical {
    case .boolean, .int32, .int64, .int96: .integers
    case .float, .double: .doubles
    case .byteArray, .fixedBytes: .bytes
    }
  }

  /// As what its values are read unless somebody wants them otherwise.
  package var shape: ParquetShape {
    switch meaning {
    case .integer, .fraction, .decimal, .half, .timeOfDay: .numbers
    case .time, .julianTime: .times
    case .boolean, .text, .uuid: .texts
    }
  }

  func number(_ value: Int64) -> Double {
    switch meaning {
    case .integer(isSigned: false): physical == .int32 ? Double(UInt32(truncatingIfNeeded: value)) : Double(UInt64(bitPattern: value))
    case .decimal(let scale): Double(value) / pow(10, Double(scale))
    case .time, .julianTime: Double(time(value)) / 1e6
    case .timeOfDay(let perSecond): Double(value) / Double(perSecond)
    case .boolean, .integer, .fraction, .half, .text, .uuid: Double(value)
    }
  }

  /// Microseconds since 1970; missing when that is beyond an `Int64`.
  func time(_ value: Int64) -> Int64 {
    guard case .time(let factor, let divisor) = meaning else { return value }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: factor)
    guard !overflow else { return .min }
    return divisor == 1 ? scaled : ParquetColumn.floorDivided(scaled, divisor)
  }

  private static func floorDivided(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }

  func text(_ value: Int64) -> String {
    switch meaning {
    case .boolean: value == 0 ? "false" : "true"
    case .integer(isSigned: true): String(value)
    case .integer(isSigned: false): physical == .int32 ? String(UInt32(truncatingIfNeeded: value)) : String(UInt64(bitPattern: value))
    case .time, .julianTime: Timestamp(microseconds: time(value)).description
    case .fraction, .decimal, .half, .timeOfDay, .text, .uuid: ParquetColumn.text(number(value))
    }
  }

  /// Whole numbers without a point.
  static func text(_ number: Double) -> String { Int64(exactly: number).map(String.init) ?? number.description }

  /// Decimals have their highest byte first and their sign in it; halves have two bytes.
  func number(_ bytes: UnsafeRawBufferPointer) -> Double {
    switch meaning {
    case .half where bytes.count == 2: return ParquetColumn.half(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
    case .decimal(let scale):
      guard let first = bytes.first else { return .nan }
      if bytes.count <= 16 {
        var value: Int128 = first >= 0x80 ? -1 : 0
        for byte in bytes { value = value << 8 | Int128(byte) }
        return Double(value) / pow(10, Double(scale))
      }
      var value = first >= 0x80 ? -1.0 : 0
      for byte in bytes { value = value * 256 + Double(byte) }
      return value / pow(10, Double(scale))
    default: return .nan
    }
  }

  /// IEEE 754 binary16; `Float16` is not to be had on every machine.
  private static func half(_ bits: UInt16) -> Double {
    let sign = bits >> 15 == 0 ? 1.0 : -1.0
    let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * scalbn(1 + fraction / 1024, Int32(exponent - 15))
    }
  }

  /// The text of a value that is bytes, handed to `body`.
  func withText<Result>(of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch meaning {
    case .uuid where bytes.count == 16:
      var text: [UInt8] = []
      let digits = Array("0123456789abcdef".utf8)
      for (index, byte) in bytes.enumerated() {
        if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
        text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
      return text.withUnsafeBytes(body)
    case .decimal, .half: return Array(ParquetColumn.text(number(bytes)).utf8).withUnsafeBytes(body)
    default: return body(bytes)
    }
  }
}
