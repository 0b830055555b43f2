/// The different values of a column in one row group, which its pages refer to by number.
struct ParquetDictionary {
  let count: Int
  private var numbers: [Double] = []
  private var times: [Int64] = []
  private var texts = Texts()

  /// Texts side by side.
  private struct Texts: ParquetTexts {
    var bytes: [UInt8] = []
    var ends: [Int] = []

    mutating func code(of text: UnsafeRawBufferPointer) -> Int32 {
      bytes.append(contentsOf: text)
      ends.append(bytes.count)
      return Int32(truncatingIfNeeded: ends.count - 1)
    }
  }

  init(_ page: PageBytes, values: Int, _ column: ParquetColumn, _ shape: ParquetShape) throws(ParquetError) {
    // Every value takes a part of the page, but for booleans, which have no dictionary.
    guard values <= page.count, column.physical != .boolean else { throw ParquetError("a dictionary claims \(values) values in \(page.count) bytes") }
    count = values
    var plain = try PageValues(.plain, page.cursor(from: 0), column, nil, values: values)
    let decoded = try plain.decode(values, shape, column, &texts)
    numbers = decoded.numbers
    times = decoded.times
  }

  /// The values of these numbers.
  func pick(
    _ chosen: UnsafeBufferPointer<Int32>, into values: inout ParquetValues, _ shape: ParquetShape, _ receiver: inout some ParquetTexts
  ) throws(ParquetError) {
    let limit = UInt32(truncatingIfNeeded: count)
    for index in chosen where UInt32(bitPattern: index) >= limit {
      throw ParquetError("a page refers to value \(UInt32(bitPattern: index)) of a dictionary of \(count)")
    }
    switch shape {
    case .numbers: values.numbers = numbers.withUnsafeBufferPointer { numbers in chosen.map { numbers[Int($0)] } }
    case .times: values.times = times.withUnsafeBufferPointer { times in chosen.map { times[Int($0)] } }
    case .texts:
      // Each text is handed over once a batch.
      var codes = [Int32](repeating: -1, count: count)
      values.codes.reserveCapacity(chosen.count)
      for index in chosen {
        let index = Int(index)
        if codes[index] < 0 {
          let start = index == 0 ? 0 : texts.ends[index - 1]
          codes[index] = texts.bytes.withUnsafeBytes { receiver.code(of: UnsafeRawBufferPointer(rebasing: $0[start..<texts.ends[index]])) }
        }
        values.codes.append(codes[index])
      }
    }
  }
}
