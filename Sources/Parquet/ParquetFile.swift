/// A Parquet file with flat columns, opened as far as its footer.
///
/// Source: apache/parquet-format. Encodings: plain, dictionary, run lengths, delta (numbers, lengths, bytes), byte stream split; data pages of both
/// versions; uncompressed, Snappy, gzip, Zstandard. Whatever the bytes, it answers with values or an error: sizes and counts are checked before use.
package struct ParquetFile: Sendable {
  /// The columns, in the file's order. One that cannot be read is an error of its own, so that the others can be.
  package let columns: [Result<ParquetColumn, ParquetError>]
  /// The columns' names; several may be the same.
  package let names: [String]
  /// In all row groups together.
  package let rowCount: Int
  /// How many rows each row group has.
  package let rowGroups: [Int]

  let source: any ParquetSource
  let chunks: [[ParquetMetadata.Chunk]]
  /// Where the footer begins, beyond which no page can reach.
  let footerStart: Int

  private static let magic: [UInt8] = Array("PAR1".utf8)
  private static let largestFooter = 256 << 20
  /// No file has more: a damaged count must not become endless rows.
  private static let mostRows = 1 << 36

  /// - Throws: `ParquetError` when there is no footer, or it contradicts itself.
  package init(_ source: any ParquetSource) throws(ParquetError) {
    self.source = source
    let size = source.size
    guard size >= 12 else { throw ParquetError("has only \(size) bytes, too few for a Parquet file") }
    let head = try ParquetFile.bytes(source, 0, 4)
    guard head == ParquetFile.magic else {
      if head == Array("PARE".utf8) { throw .unsupported("is encrypted") }
      throw ParquetError("does not begin with PAR1, as Parquet files do", offset: 0)
    }
    let tail = try ParquetFile.bytes(source, size - 8, 8)
    guard Array(tail[4...]) == ParquetFile.magic else {
      throw ParquetError("does not end with PAR1: it is no Parquet file, or was cut off", offset: size - 4)
    }
    let length = Int(UInt32(tail[0]) | UInt32(tail[1]) << 8 | UInt32(tail[2]) << 16 | UInt32(tail[3]) << 24)
    guard length <= size - 12, length <= ParquetFile.largestFooter else {
      throw ParquetError("its footer claims \(length) bytes, and the file has \(size)", offset: size - 8)
    }
    footerStart = size - 8 - length
    let footer = try ParquetFile.bytes(source, footerStart, length)
    let metadata: ParquetMetadata
    do throws(ParquetError) {
      metadata = try footer.withBytes { bytes throws(ParquetError) in try ParquetMetadata(bytes) }
    } catch {
      throw ParquetError("its footer cannot be read: \(error.problem)", offset: footerStart)
    }
    guard !metadata.isEncrypted else { throw .unsupported("is encrypted") }
    (columns, names) = try ParquetFile.columns(metadata.elements)
    var total = 0
    for (number, group) in metadata.groups.enumerated() {
      guard group.chunks.count == columns.count else {
        throw ParquetError("has \(group.chunks.count) columns, and the file \(columns.count)", rowGroup: number + 1, offset: footerStart)
      }
      let (sum, isBeyond) = total.addingReportingOverflow(group.rows)
      guard !isBeyond, sum <= ParquetFile.mostRows else {
        throw ParquetError("its row groups claim more than \(ParquetFile.mostRows) rows", rowGroup: number + 1, offset: footerStart)
      }
      total = sum
    }
    guard total == metadata.rows else {
      throw ParquetError("its row groups have \(total) rows, and its footer says \(metadata.rows)", offset: footerStart)
    }
    rowCount = total
    rowGroups = metadata.groups.map(\.rows)
    chunks = metadata.groups.map(\.chunks)
  }

  private static func bytes(_ source: any ParquetSource, _ offset: Int, _ count: Int) throws(ParquetError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withMutableBytes { buffer throws(ParquetError) in try source.read(at: offset, into: buffer) }
    return bytes
  }

  /// The schema's tree made flat: a leaf below the root is a column; a root's child with children, or a repeated one, is a nested column.
  private static func columns(
    _ elements: [ParquetMetadata.Element]
  ) throws(ParquetError) -> (columns: [Result<ParquetColumn, ParquetError>], names: [String]) {
    guard let root = elements.first, root.children > 0 || elements.count == 1 else { throw ParquetError("its footer has no schema") }
    var columns: [Result<ParquetColumn, ParquetError>] = []
    var names: [String] = []
    var next = 1
    /// How many leaves an element has; every step takes an element, so that it ends.
    func leaves(_ depth: Int) throws(ParquetError) -> Int {
      guard next < elements.count, depth < 64 else { throw ParquetError("its schema contradicts itself") }
      let element = elements[next]
      next += 1
      if element.children == 0 { return 1 }
      var count = 0
      for _ in 0..<min(element.children, elements.count) { count += try leaves(depth + 1) }
      return count
    }
    while next < elements.count {
      let element = elements[next]
      let count = try leaves(0)
      let result: Result<ParquetColumn, ParquetError>
      if element.children > 0 || element.repetition == 2 {
        let kind =
          element.logical.map { "\($0)" } ?? (element.converted == 3 ? "list" : element.converted == 1 ? "map" : element.repetition == 2 ? "list" : "struct")
        result = .failure(.unsupported("is nested (a \(kind)); only flat columns are read", column: element.name))
      } else {
        do throws(ParquetError) { result = .success(try ParquetColumn(element)) } catch { result = .failure(error.located(column: element.name)) }
      }
      for _ in 0..<count {
        columns.append(result)
        names.append(element.name)
      }
    }
    return (columns, names)
  }
}
