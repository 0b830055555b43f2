/// Reads a column of one row group from beginning to end, a batch of rows at a time.
///
/// Not for several threads at once; columns and row groups may be read side by side, each by a reader of its own.
package struct ParquetColumnReader {
  /// The most rows that a batch has.
  package static let batch = 1 << 16

  private let column: ParquetColumn
  private let shape: ParquetShape
  private let rowGroup: Int
  private let rowCount: Int
  /// Nil when there are no rows.
  private var pages: ChunkPages?
  private var rowsLeft: Int
  private var dictionary: ParquetDictionary?
  private var page: OpenPage?

  /// A page that is being read.
  private struct OpenPage {
    let bytes: PageBytes
    let offset: Int
    var rowsLeft: Int
    /// Nil: every row has a value.
    var levels: RunLengthDecoder?
    var values: PageValues
  }

  /// - Parameters:
  ///   - index: of the column in `file.columns`.
  ///   - rowGroup: from 0.
  /// - Throws: `ParquetError` that names column and row group.
  package init(_ file: ParquetFile, column index: Int, rowGroup: Int, as shape: ParquetShape) throws(ParquetError) {
    let column = try file.columns[index].get()
    let chunk = file.chunks[rowGroup][index]
    self.column = column
    self.shape = shape
    self.rowGroup = rowGroup + 1
    rowCount = file.rowGroups[rowGroup]
    rowsLeft = rowCount
    do throws(ParquetError) {
      guard chunk.physical == column.physical.rawValue else { throw ParquetError("its type differs from the schema's", offset: file.footerStart) }
      guard chunk.values == rowCount else {
        throw ParquetError("has \(chunk.values) values, and the row group \(rowCount) rows", offset: file.footerStart)
      }
      if rowCount > 0 { pages = try ChunkPages(chunk, of: file) }
    } catch {
      throw error.located(column: column.name, rowGroup: rowGroup + 1)
    }
  }

  /// The next rows; nil when all were read.
  /// - Parameter texts: numbers the texts, when the shape is `texts`; it may be another one for each batch.
  /// - Throws: `ParquetError` that names column, row group and the page's place.
  package mutating func next(_ texts: inout some ParquetTexts) throws(ParquetError) -> ParquetValues? {
    do throws(ParquetError) {
      guard rowsLeft > 0 else { return nil }
      while page.map({ $0.rowsLeft == 0 }) ?? true { try open() }
      guard var current = page else { return nil }
      // Nothing else holds the page meanwhile, so that what it holds is not copied.
      page = nil
      let rows = min(current.rowsLeft, rowsLeft, ParquetColumnReader.batch)
      do throws(ParquetError) {
        let values = try ParquetColumnReader.decode(rows, &current, shape, column, &texts)
        current.rowsLeft -= rows
        rowsLeft -= rows
        page = current
        return values
      } catch {
        throw error.located(offset: current.offset)
      }
    } catch {
      throw error.located(column: column.name, rowGroup: rowGroup)
    }
  }

  private mutating func open() throws(ParquetError) {
    guard let next = try pages?.next() else { throw ParquetError("its pages have \(rowCount - rowsLeft) rows, and the row group has \(rowCount)") }
    do throws(ParquetError) {
      guard let encoding = Encoding(rawValue: next.header.encoding) else {
        throw .unsupported("has pages in the encoding \(next.header.encoding), which this version does not know")
      }
      if next.header.kind == .dictionary {
        guard encoding == .plain || encoding == .plainDictionary else { throw ParquetError("a dictionary in the encoding \(encoding) is not possible") }
        dictionary = try ParquetDictionary(next.bytes, values: next.header.values, column, shape)
        return
      }
      guard next.header.values <= rowsLeft else { throw ParquetError("a page claims \(next.header.values) rows, and \(rowsLeft) are left") }
      let (levels, cursor) = try levels(next)
      let values = try PageValues(encoding, cursor, column, dictionary, values: next.header.values)
      page = OpenPage(bytes: next.bytes, offset: next.offset, rowsLeft: next.header.values, levels: levels, values: values)
    } catch {
      throw error.located(offset: next.offset)
    }
  }

  /// The levels that say which rows have a value, and what follows them.
  private func levels(_ page: ChunkPages.Page) throws(ParquetError) -> (RunLengthDecoder?, PageCursor) {
    var cursor = page.bytes.cursor(from: 0)
    if case .dataV2(let definition, let repetition, _) = page.header.kind {
      _ = try cursor.take(repetition)
      let part = try cursor.part(definition)
      return (column.isNullable ? try RunLengthDecoder(part, width: 1) : nil, cursor)
    }
    guard column.isNullable else { return (nil, cursor) }
    guard page.header.definitionEncoding == Encoding.runLength.rawValue else {
      throw .unsupported("has levels in the encoding \(page.header.definitionEncoding), which nobody writes any more")
    }
    let length = try cursor.length()
    let part = try cursor.part(length)
    return (try RunLengthDecoder(part, width: 1), cursor)
  }

  private static func decode(
    _ rows: Int, _ page: inout OpenPage, _ shape: ParquetShape, _ column: ParquetColumn, _ texts: inout some ParquetTexts
  ) throws(ParquetError) -> ParquetValues {
    guard var levels = page.levels else {
      return try page.values.decode(rows, shape, column, &texts)
    }
    let defined = UnsafeMutableBufferPointer<Int32>.allocate(capacity: rows)
    defer { defined.deallocate() }
    try levels.decode(into: defined)
    page.levels = levels
    var present = 0
    for level in defined { present &+= level == 0 ? 0 : 1 }
    var values = try page.values.decode(present, shape, column, &texts)
    if present < rows {
      switch shape {
      case .numbers: spread(&values.numbers, over: defined, present, missing: .nan)
      case .times: spread(&values.times, over: defined, present, missing: .min)
      case .texts: spread(&values.codes, over: defined, present, missing: -1)
      }
    }
    values.rows = rows
    values.missing = rows - present
    return values
  }

  /// Moves the values to their rows, from the last to the first.
  private static func spread<Value>(_ values: inout [Value], over defined: UnsafeMutableBufferPointer<Int32>, _ present: Int, missing: Value) {
    values.append(contentsOf: repeatElement(missing, count: defined.count - present))
    var from = present
    for row in stride(from: defined.count - 1, through: 0, by: -1) {
      if defined[row] == 0 {
        values[row] = missing
      } else {
        from -= 1
        values[row] = values[from]
      }
    }
  }
}
