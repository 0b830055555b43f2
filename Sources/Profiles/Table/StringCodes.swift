/// Codes of strings, one a row, −1 where missing: a byte each as long as all are small, as those of categories are.
public struct StringCodes: Sendable {
  /// Until a code does not fit.
  private var narrow: [UInt8] = []
  /// From then on.
  private var wide: [Int32] = []
  private var isWide = false

  private static let missing = UInt8.max

  /// None yet.
  public init() {}

  /// From codes, −1 where missing.
  public init(_ codes: some Sequence<Int32>) {
    reserveCapacity(codes.underestimatedCount)
    for code in codes { append(code) }
  }

  mutating func reserveCapacity(_ count: Int) {
    if isWide { wide.reserveCapacity(count) } else { narrow.reserveCapacity(count) }
  }

  mutating func append(_ code: Int32) {
    if !isWide, code >= Int32(StringCodes.missing) {
      wide.reserveCapacity(narrow.capacity)
      for code in self { wide.append(code) }
      (isWide, narrow) = (true, [])
    }
    if isWide { wide.append(code) } else { narrow.append(code < 0 ? StringCodes.missing : UInt8(code)) }
  }
}

extension StringCodes: RandomAccessCollection {
  /// That of the first row.
  public var startIndex: Int { 0 }

  /// How many rows.
  public var endIndex: Int { isWide ? wide.count : narrow.count }

  /// The code of a row, −1 where missing.
  public subscript(row: Int) -> Int32 {
    if isWide { return wide[row] }
    let code = narrow[row]
    return code == StringCodes.missing ? -1 : Int32(code)
  }
}
