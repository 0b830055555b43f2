public import Values

extension Timestamp: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `timestamptz`
  public static var postgresType: PostgresType { .timestamptz }
  /// `timestamptz[]`
  public static var arrayType: PostgresType { .timestamptzArray }

  /// PostgreSQL counts from 2000-01-01T00:00:00Z.
  private static let epoch: Int64 = 946_684_800_000_000

  /// - Throws: `PostgresEncodingError`, when it is so far in the past that PostgreSQL would take it for minus infinity.
  public func encode(into encoder: inout PostgresEncoder) throws {
    let (shifted, overflow) = microseconds.subtractingReportingOverflow(Timestamp.epoch)
    guard !overflow, shifted != .min, shifted != .max else {
      throw PostgresEncodingError("a time lies outside what PostgreSQL's timestamptz can hold (from 4714 BC)")
    }
    encoder.write(shifted)
  }

  /// - Throws: `PostgresDecodingError` for `infinity` and `-infinity`, which are no instants.
  public static func decode(_ cell: Cell) throws -> Timestamp {
    let bytes = try cell.value(for: Timestamp.self)
    guard cell.type == .timestamptz else { throw cell.mismatch(Timestamp.self) }
    let shifted: Int64 = try cell.integer(bytes, Timestamp.self)
    guard shifted != .max, shifted != .min else { throw cell.failure(Timestamp.self, "the time is infinite") }
    let (microseconds, overflow) = shifted.addingReportingOverflow(epoch)
    guard !overflow else { throw cell.failure(Timestamp.self, "the time is out of range") }
    return Timestamp(microseconds: microseconds)
  }
}

extension Duration: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `interval`
  public static var postgresType: PostgresType { .interval }
  /// `interval[]`
  public static var arrayType: PostgresType { .intervalArray }

  /// Writes an interval without days and months, cut to whole microseconds.
  /// - Throws: `PostgresEncodingError`, when it is longer than about 292,000 years.
  public func encode(into encoder: inout PostgresEncoder) throws {
    let (whole, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000)
    let (total, overflowed) = whole.addingReportingOverflow(components.attoseconds / 1_000_000_000_000)
    guard !overflow, !overflowed else { throw PostgresEncodingError("a duration is too long for PostgreSQL's interval") }
    encoder.write(total)
    encoder.write(Int64(0))
  }

  /// Reads an interval; a day counts 24 hours.
  /// - Throws: `PostgresDecodingError`, when it has months, whose length is not known.
  public static func decode(_ cell: Cell) throws -> Duration {
    let bytes = try cell.value(for: Duration.self)
    guard cell.type == .interval, bytes.count == 16 else { throw cell.mismatch(Duration.self) }
    let microseconds = Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: Int64.self))
    let days = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int32.self))
    let months = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: Int32.self))
    guard months == 0 else { throw cell.failure(Duration.self, "an interval with months has no fixed length") }
    return .microseconds(microseconds) + .seconds(Int64(days) * 86_400)
  }
}

extension Cell {
  /// A `date` as ISO 8601 writes it.
  func dateText(_ bytes: UnsafeRawBufferPointer) throws -> String {
    let days: Int32 = try integer(bytes, String.self)
    guard days != .max, days != .min else { throw failure(String.self, "the date is infinite") }
    let date = CivilDate(daysSinceEpoch: Int64(days) + 10_957)
    func pad(_ value: Int64, _ width: Int) -> String {
      let digits = String(value.magnitude)
      return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(pad(date.year, 4))-\(pad(Int64(date.month), 2))-\(pad(Int64(date.day), 2))"
  }
}
