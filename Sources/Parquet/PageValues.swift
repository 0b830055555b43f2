/// The values of a page, decoded as they are wanted.
struct PageValues {
  private enum Form {
    case numbers(NumberDecoder)
    case bytes(ByteDecoder)
    case indices(RunLengthDecoder, ParquetDictionary)
  }

  private var form: Form

  /// - Parameter values: how many the page has at most.
  init(
    _ encoding: Encoding, _ start: PageCursor, _ column: ParquetColumn, _ dictionary: ParquetDictionary?, values: Int
  ) throws(ParquetError) {
    var cursor = start
    switch (encoding, column.lane) {
    case (.dictionary, _), (.plainDictionary, _):
      guard let dictionary else { throw ParquetError("a page refers to a dictionary that is not there") }
      // A page of nothing but nulls may be empty.
      let width = cursor.left > 0 ? Int(try cursor.byte()) : 0
      form = .indices(try RunLengthDecoder(cursor, width: width), dictionary)
    case (_, .integers), (_, .doubles): form = .numbers(try NumberDecoder(column.physical, encoding, cursor, values: values))
    case (.plain, .bytes): form = .bytes(column.physical == .fixedBytes ? .fixed(cursor, length: column.length) : .plain(cursor))
    case (.byteStreamSplit, .bytes) where column.physical == .fixedBytes: form = .bytes(.split(cursor, length: column.length))
    case (.deltaLengths, .bytes) where column.physical == .byteArray: form = .bytes(try .deltaLength(cursor, values: values))
    case (.deltaBytes, .bytes): form = .bytes(try .delta(cursor, values: values))
    default: throw .unsupported("has pages in the encoding \(encoding), which is not read for such values")
    }
  }

  /// The next `count` values, none of them missing.
  mutating func decode(
    _ count: Int, _ shape: ParquetShape, _ column: ParquetColumn, _ texts: inout some ParquetTexts
  ) throws(ParquetError) -> ParquetValues {
    var values = ParquetValues(rows: count)
    guard count > 0 else { return values }
    switch form {
    case .indices(var indices, let dictionary):
      let chosen = UnsafeMutableBufferPointer<Int32>.allocate(capacity: count)
      defer { chosen.deallocate() }
      try indices.decode(into: chosen)
      form = .indices(indices, dictionary)
      try dictionary.pick(UnsafeBufferPointer(chosen), into: &values, shape, &texts)
    case .numbers(var decoder) where column.lane == .doubles:
      let numbers = UnsafeMutableBufferPointer<Double>.allocate(capacity: count)
      defer { numbers.deallocate() }
      try decoder.decode(doubles: numbers)
      form = .numbers(decoder)
      switch shape {
      case .numbers: values.numbers = Array(numbers)
      case .texts: values.codes = numbers.map { PageValues.code(ParquetColumn.text($0), &texts) }
      case .times: throw PageValues.noTimes
      }
    case .numbers(var decoder):
      let integers = UnsafeMutableBufferPointer<Int64>.allocate(capacity: count)
      defer { integers.deallocate() }
      try decoder.decode(integers: integers)
      form = .numbers(decoder)
      switch shape {
      case .numbers:
        if column.meaning == .integer(isSigned: true) { values.numbers = integers.map { Double($0) } } else { values.numbers = integers.map(column.number) }
      case .times: values.times = integers.map(column.time)
      case .texts: values.codes = integers.map { PageValues.code(column.text($0), &texts) }
      }
    case .bytes(var decoder):
      switch shape {
      case .numbers:
        values.numbers.reserveCapacity(count)
        for _ in 0..<count { values.numbers.append(try decoder.next { column.number($0) }) }
      case .texts:
        values.codes.reserveCapacity(count)
        for _ in 0..<count {
          values.codes.append(try decoder.next { bytes in column.withText(of: bytes) { texts.code(of: $0) } })
        }
      case .times: throw PageValues.noTimes
      }
      form = .bytes(decoder)
    }
    return values
  }

  static let noTimes = ParquetError("its values are no times", isUnsupported: true)

  static func code(_ text: String, _ texts: inout some ParquetTexts) -> Int32 {
    var text = text
    return text.withUTF8 { texts.code(of: UnsafeRawBufferPointer($0)) }
  }
}
