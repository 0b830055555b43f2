/// PostgreSQL's `numeric` in its binary format: base-10,000 digits, a weight, a sign and a display scale.
struct Numeric: CustomStringConvertible {
  /// The decimal text, as PostgreSQL prints it.
  let description: String

  /// - Throws: `PostgresDecodingError`, when the bytes are not a numeric.
  init(_ bytes: UnsafeRawBufferPointer, of cell: Cell) throws {
    func word(_ index: Int) -> UInt16 { UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)) }
    guard bytes.count >= 8, bytes.count == 8 + Int(word(0)) * 2 else { throw cell.failure(String.self, "not a numeric") }
    let count = Int(word(0))
    let weight = Int(Int16(bitPattern: word(1)))
    let scale = Int(word(3))
    switch word(2) {
    case 0xC000: description = "NaN"; return
    case 0xD000: description = "Infinity"; return
    case 0xF000: description = "-Infinity"; return
    default: break
    }
    func group(_ position: Int) -> String {
      let digits = position >= 0 && position < count ? String(word(4 + position)) : "0"
      return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
    var whole = ""
    if weight >= 0 { for position in 0...weight { whole += group(position) } }
    whole = String(whole.drop { $0 == "0" })
    var fraction = ""
    var position = weight + 1
    while fraction.utf8.count < scale {
      fraction += group(position)
      position += 1
    }
    let text = (whole.isEmpty ? "0" : whole) + (scale > 0 ? "." + fraction.prefix(scale) : "")
    description = word(2) == 0x4000 ? "-" + text : text
  }

  /// The number if it has no fraction (other than zeros) and fits.
  var wholeNumber: Int64? {
    guard let point = description.firstIndex(of: ".") else { return Int64(description) }
    guard description[point...].dropFirst().allSatisfy({ $0 == "0" }) else { return nil }
    return Int64(description[..<point])
  }
}
