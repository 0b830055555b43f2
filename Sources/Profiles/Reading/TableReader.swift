internal import Foundation

/// Reads data into memory, its columns typed.
///
/// Comma- or tab-separated text by RFC 4180 (byte order mark, CRLF, quoted line ends, any width) and JSON Lines, plain or gzipped; Parquet with flat
/// columns; from files, directories, patterns, standard input, `https://`, `s3://`, or a PostgreSQL query.
public struct TableReader: Sendable {
  /// What the reader is told beforehand.
  public struct Options: Sendable, Hashable {
    /// Columns whose type is known; the others are inferred.
    public var types: [String: ColumnType] = [:]
    /// Columns kept as their cells stand (identifiers, versions, labels): `007` stays `007`, and only an empty cell is missing.
    public var raw: Set<String> = []
    /// Columns that are left out, and not looked at.
    public var skipped: Set<String> = []
    /// What parts the cells; nil: by the file's name, else by its header.
    public var delimiter: Character?
    /// For a database: what is asked of it.
    public var query: DataQuery?
    /// No record of a text file may be longer, in bytes.
    public var longestRecord = 64 << 20

    /// By default everything is found out from the file.
    public init(
      types: [String: ColumnType] = [:], raw: Set<String> = [], skipped: Set<String> = [], delimiter: Character? = nil, query: DataQuery? = nil
    ) {
      self.types = types
      self.raw = raw
      self.skipped = skipped
      self.delimiter = delimiter
      self.query = query
    }
  }

  /// How it reads.
  public var options: Options

  /// Where the variables for `s3://` are looked up.
  let environment: [String: String]

  /// A reader keeps nothing between files.
  /// - Parameter environment: where the variables for `s3://` are looked up (`AWS_ACCESS_KEY_ID` …); nil: the process's own.
  public init(options: Options = Options(), environment: [String: String]? = nil) {
    self.options = options
    self.environment = environment ?? ProcessInfo.processInfo.environment
  }

  /// Reads what lies at `path`: a file, a directory or a pattern of `.csv`, `.tsv`, `.jsonl`, each with or without `.gz`, or `.parquet`; `-` for standard
  /// input; an `https://`, `s3://` or `postgresql://` URL. It blocks; call it on a thread that may.
  /// - Throws: `TableError`, which names file, line and column.
  public static func read(path: String, options: Options = Options()) throws(TableError) -> DataTable {
    try TableReader(options: options).read(path: path)
  }

  /// Reads a file.
  /// - Throws: `TableError`, which names file, line and column.
  public func read(path: String) throws(TableError) -> DataTable { try table(open(path: path)) }

  /// Reads bytes already at hand.
  /// - Parameter source: the name that errors give it.
  /// - Throws: `TableError`, which names line and column.
  public func read(bytes: [UInt8], source: String) throws(TableError) -> DataTable {
    try table(open([.memory(bytes, name: source)], as: source))
  }

  private func table(_ open: any OpenTable) throws(TableError) -> DataTable {
    var kinds = try open.plan().map(\.kind)
    var columns: [Column?] = Array(repeating: nil, count: kinds.count)
    // A column read as numbers that holds too many other cells is read once more, as strings.
    for _ in 0..<2 {
      let (rows, builders) = try gathered(open, kinds)
      for (position, builder) in builders.enumerated() where kinds[position] != .skip {
        columns[position] = builder.finish()
        kinds[position] = columns[position] == nil ? .string : .skip
      }
      if !kinds.contains(.string) { return DataTable(source: open.source, rowCount: rows, columns: columns.compactMap { $0 }) }
    }
    throw TableError(source: open.source, problem: "changed while it was read", advice: "read it again when it is complete")
  }

  private func gathered(_ open: some OpenTable, _ kinds: [CellKind]) throws(TableError) -> (Int, [ColumnBuilder]) {
    try open.gather(kinds, TableGathering(names: open.names, kinds: kinds, types: options.types))
  }
}

/// Blocks become columns.
private struct TableGathering: ColumnGathering {
  let names: [String]
  let kinds: [CellKind]
  let types: [String: ColumnType]

  func part(_ column: Int, _ block: BlockColumn) -> BlockColumn { block }

  func whole(_ column: Int, expectedRows: Int) -> ColumnBuilder {
    ColumnBuilder(name: names[column], kind: kinds[column], declared: types[names[column]], expectedRows: expectedRows)
  }

  func join(_ part: BlockColumn, to whole: inout ColumnBuilder) { whole.append(part) }
}
