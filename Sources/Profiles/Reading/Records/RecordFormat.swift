/// A file of records, opened as far as its columns are known.
protocol RecordFormat: Sendable {
  /// The columns' names, in order, all different.
  var names: [String] { get }
  /// The number of the first record's line, from 1.
  var firstLine: Int { get }
  /// Parts quotable cells; nil: every line feed ends a record.
  var delimiter: UInt8? { get }

  /// The source from the first record on: a stream, and bytes already taken from it.
  func body(of source: ByteSource) throws(TableError) -> (any ByteStream, [UInt8])

  /// The first records' columns, and whether the format itself says that a column is text; errors in them are left for the real reading.
  func sample(kinds: [CellKind]) -> [(column: BlockColumn, isText: Bool)]

  /// Whole records, the last ended by a line feed, with `CSVBlocks.slack` readable bytes behind them.
  func parse(_ block: UnsafeBufferPointer<UInt8>, firstLine: Int, kinds: [CellKind]) -> CSVBlock
}
