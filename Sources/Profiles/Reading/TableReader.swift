internal import Foundation

/// Reads a data file into memory, its columns typed.
///
/// Comma- or tab-separated text by RFC 4180 (byte order mark, CRLF, quoted line ends, any width) and JSON Lines, plain or gzipped.
public struct TableReader: Sendable {
  /// What the reader is told beforehand.
  public struct Options: Sendable, Hashable {
    /// Columns whose type is known; the others are inferred.
    public var types: [String: ColumnType] = [:]
    /// Columns kept as their cells stand (identifiers, versions, labels): `007` stays `007`, and only an empty cell is missing.
    public var raw: Set<String> = []
    /// What parts the cells; nil: by the file's name, else by its header.
    public var delimiter: Character?

    /// By default everything is found out from the file.
    public init(types: [String: ColumnType] = [:], raw: Set<String> = [], delimiter: Character? = nil) {
      self.types = types
      self.raw = raw
      self.delimiter = delimiter
    }
  }

  /// How it reads.
  public var options: Options

  /// A reader keeps nothing between files.
  public init(options: Options = Options()) { self.options = options }

  /// Reads `path`: `.csv`, `.tsv`, `.jsonl`, each with or without `.gz`, or `-` for standard input. It blocks; call it on a thread that may.
  /// - Throws: `TableError`, which names file, line and column.
  public static func read(path: String, options: Options = Options()) throws(TableError) -> DataTable {
    try TableReader(options: options).read(path: path)
  }

  /// Reads a file.
  /// - Throws: `TableError`, which names file, line and column.
  public func read(path: String) throws(TableError) -> DataTable { try reading(path: path).table() }

  /// - Throws: `TableError` when the path names a directory, or standard input cannot be read.
  func reading(path: String) throws(TableError) -> RecordReading {
    let name = path == "-" ? "standard input" : path
    var information = stat()
    if path != "-", stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR {
      throw TableError(source: name, problem: "is a directory", advice: "name a file")
    }
    let source: ByteSource = path == "-" ? try .standardInput() : path.lowercased().hasSuffix(".gz") ? .gzip(path) : .file(path)
    return RecordReading(source: source, name: name, path: path, size: Int(information.st_size), options: options)
  }

  /// Reads bytes already at hand.
  /// - Parameter source: the name that errors give it.
  /// - Throws: `TableError`, which names line and column.
  public func read(bytes: [UInt8], source: String) throws(TableError) -> DataTable {
    try RecordReading(source: .memory(bytes, name: source), name: source, path: source, size: bytes.count, options: options).table()
  }
}
