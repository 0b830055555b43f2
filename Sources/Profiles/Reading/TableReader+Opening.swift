internal import Foundation

extension TableReader {
  /// - Throws: `TableError` when there is nothing at the path, or it cannot be looked into.
  func open(path: String) throws(TableError) -> any OpenTable {
    if path == "-" { return try open([try StandardInput.source()], as: StandardInput.name) }
    if DataQuery.isDatabase(path) {
      guard let query = options.query else {
        throw TableError(source: DataQuery.name(of: path), problem: "is a database, and there is no query", advice: "say with --query what is read of it")
      }
      return try QueryTable(url: path, query: query, options: options)
    }
    if RemoteObject.isRemote(path) {
      let objects = try RemoteObject.at(path, environment)
      return try open(objects.map { .remote($0) }, as: objects.count == 1 ? objects[0].name : path)
    }
    return try open(try DataFiles.at(path).map { .file($0) }, as: path)
  }

  /// - Parameter name: as errors name them all.
  func open(_ sources: [ByteSource], as name: String) throws(TableError) -> any OpenTable {
    var files: [(source: ByteSource, kind: DataFormat.Kind, size: Int)] = []
    for source in sources {
      let (unpacked, kind) = try TableReader.format(of: source)
      files.append((unpacked, kind, TableReader.size(of: source)))
    }
    let packed = files.filter { $0.kind == .parquet }
    if packed.isEmpty { return try RecordTable(name: name, files: files, options: options) }
    if packed.count < files.count, let odd = files.first(where: { $0.kind != .parquet }) {
      throw TableError(source: odd.source.name, problem: "is no Parquet file, and others of \(name) are", advice: "read one kind of file at a time")
    }
    return try ParquetTable(name: name, sources: packed.map(\.source), options: options)
  }

  /// The source unpacked, and what it holds: by its name, else by its first bytes.
  private static func format(of source: ByteSource) throws(TableError) -> (ByteSource, DataFormat.Kind) {
    let format = DataFormat(name: source.name)
    if format.isGzipped {
      if format.kind == .parquet {
        throw TableError(source: source.name, problem: "is Parquet inside of gzip", advice: "unpack it with gunzip; Parquet compresses its pages itself")
      }
      if let kind = format.kind { return (.gzip(source), kind) }
      return (.gzip(source), DataFormat.seen(in: try ByteSource.gzip(source).head(64)))
    }
    if let kind = format.kind { return (source, kind) }
    let head = try source.head(64)
    guard DataFormat.isGzip(head) else { return (source, DataFormat.seen(in: head)) }
    return (.gzip(source), DataFormat.seen(in: try ByteSource.gzip(source).head(64)))
  }

  /// In bytes, 0 when that is not known beforehand.
  private static func size(of source: ByteSource) -> Int {
    switch source {
    case .file(let path):
      var information = stat()
      return stat(path, &information) == 0 ? Int(information.st_size) : 0
    case .memory(let bytes, _): return bytes.count
    case .spooled(let input): return input.size
    case .remote, .gzip: return 0
    }
  }
}
