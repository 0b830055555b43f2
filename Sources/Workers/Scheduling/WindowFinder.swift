public import Foundation
internal import Crypto
internal import Glibc
public import Lifecycle
internal import Profiles
internal import Values

/// Finds the files, directories and stretches of time that are windows of a monitor, and the files that are its labels.
public struct WindowFinder: Sendable {
  private let monitor: MonitorSpecification

  /// Looks where the monitor's specification says.
  public init(_ monitor: MonitorSpecification) { self.monitor = monitor }

  /// A file as it lies there.
  struct File: Hashable, Sendable {
    let path: String
    let size: Int
    /// Nanoseconds since 1970: tells a file that was replaced. 0 where a web server does not say it.
    let modified: Int64
    /// What a server calls this content: tells a file that was replaced within a second.
    var tag: String?
  }

  /// Files that match a pattern, in the order of their names. Names that begin with a dot never match: writers write under
  /// such a name and rename.
  /// - Throws: `TableError` when a server cannot be asked.
  static func files(matching pattern: String) throws -> [File] {
    if RemoteFile.isRemote(pattern) { return try RemoteFile.matching(pattern).filter { !$0.path.hasSuffix("/") }.map(File.init) }
    var matches = glob_t()
    defer { globfree(&matches) }
    guard glob(pattern, GLOB_NOSORT, nil, &matches) == 0 else { return [] }
    return (0..<Int(matches.gl_pathc)).compactMap { index -> File? in
      guard let name = matches.gl_pathv[index] else { return nil }
      return file(at: String(cString: name))
    }.sorted { $0.path < $1.path }
  }

  /// Files and directories that match a pattern and are whole windows. A directory is one window with all its data files: at once when it holds
  /// `_SUCCESS` or has no date in its path, else when the time that it is named after is over.
  /// - Throws: `TableError` when a server cannot be asked.
  static func windows(matching pattern: String, at now: Timestamp) throws -> [File] {
    if RemoteFile.isRemote(pattern) {
      return try RemoteFile.matching(pattern).filter { $0.isComplete || PartitionDate($0.path).map { $0.end <= now } ?? true }.map(File.init)
    }
    var matches = glob_t()
    defer { globfree(&matches) }
    guard glob(pattern, GLOB_NOSORT, nil, &matches) == 0 else { return [] }
    return (0..<Int(matches.gl_pathc)).compactMap { index -> File? in
      guard let name = matches.gl_pathv[index] else { return nil }
      let path = String(cString: name)
      return file(at: path) ?? directory(at: path, now)
    }.sorted { $0.path < $1.path }
  }

  private static func directory(at path: String, _ now: Timestamp) -> File? {
    guard let files = try? DataFiles.at(path).compactMap(file(at:)), !files.isEmpty, files[0].path != path else { return nil }
    if access("\(path)/_SUCCESS", F_OK) != 0, let date = PartitionDate(path), date.end > now { return nil }
    return File(path: path, size: files.reduce(0) { $0 + $1.size }, modified: files.map(\.modified).max() ?? 0)
  }

  /// The file at a path or behind a URL; nil when there is none.
  static func file(at path: String) -> File? {
    if RemoteFile.isRemote(path) { return (try? files(matching: path))?.first }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return File(
      path: path, size: Int(status.st_size), modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
  }

  /// The fact that a file or directory is a new window, with its times and checksum. The same with the same content always gives the same.
  ///
  /// One whose times cannot be read is a window all the same, at its modification time, or, a directory named after one, at its date: measuring it says
  /// what is wrong.
  /// - Throws: `ArtifactError` when the file cannot be opened.
  public func window(at path: String) throws -> WindowFound {
    if RemoteFile.isRemote(path) {
      guard let file = try WindowFinder.windows(matching: path, at: .init(microseconds: .max)).first else {
        throw TableError(source: path, problem: "is not there", advice: "check the URL")
      }
      return try window(of: file, isFile: !path.hasSuffix("/"))
    }
    if let file = WindowFinder.file(at: path) { return try window(of: file, isFile: true) }
    guard let directory = WindowFinder.directory(at: path, .init(microseconds: .max)) else { throw ArtifactError.unreadable(path) }
    return try window(of: directory, isFile: false)
  }

  private func window(of file: File, isFile: Bool) throws -> WindowFound {
    let path = file.path
    let (sha256, size) = try checksum(ofData: path)
    let modified = file.modified == 0 ? Timestamp.now() : Timestamp(microseconds: file.modified / 1000)
    let named = isFile ? nil : PartitionDate(path).map { ($0.start, $0.end) }
    let span = times(path) ?? named ?? (modified, modified)
    return WindowFound(
      window: WindowID(UUID(namespace: WindowFinder.namespace, name: "\(monitor.name)\n\(path)\n\(sha256)")), source: path, size: size,
      checksum: sha256, startAt: span.0, endAt: span.1)
  }

  /// The fact that a stretch of time is a window of a monitor with a query.
  /// - Throws: `MeasuringError` when the monitor has none.
  public func window(_ ends: QueriedWindow) throws -> WindowFound {
    guard case .sql(let sql) = monitor.window.source else {
      throw MeasuringError("\(monitor.name): its windows are files, not stretches of time; name a file with --from")
    }
    let checksum = SHA256.hash(data: Data("\(sql.query)\n\(ends.source)".utf8)).hexadecimal
    return WindowFound(
      window: WindowID(UUID(namespace: WindowFinder.namespace, name: "\(monitor.name)\n\(ends.source)\n\(checksum)")), source: ends.source, size: 0,
      checksum: checksum, startAt: ends.from, endAt: ends.to)
  }

  /// The fact that rows that were posted are a window, with the times that they are about.
  func window(_ rows: PostedRows, from start: Timestamp, to end: Timestamp) -> WindowFound {
    let checksum = WindowFinder.digest(rows, of: monitor.model)
    return WindowFound(
      window: WindowID(UUID(namespace: WindowFinder.namespace, name: "\(monitor.name)\n\(rows.source)\n\(checksum)")), source: rows.source, size: 0,
      checksum: checksum, startAt: start, endAt: end)
  }

  /// The fact that rows that were posted are labels.
  func labels(_ rows: PostedRows) -> LabelsFound {
    LabelsFound(source: rows.source, size: 0, checksum: WindowFinder.digest(rows, of: monitor.model))
  }

  /// Of what is never changed once it is there, the name is checksum enough.
  private static func digest(_ rows: PostedRows, of model: String) -> String { SHA256.hash(data: Data("\(model)\n\(rows.source)".utf8)).hexadecimal }

  /// The stretches of time that are over and were not found yet, oldest first: from the end of the last one on, or, of a new monitor, the last one alone.
  func due(after last: Timestamp?, at now: Timestamp) -> [QueriedWindow] {
    let length = max(1_000_000, monitor.window.every.duration.microseconds)
    let current = Timestamp(microseconds: now.microseconds - now.microseconds % length)
    var from = last ?? Timestamp(microseconds: current.microseconds - length)
    var found: [QueriedWindow] = []
    while found.count < WindowFinder.mostDue, from.microseconds + length <= now.microseconds {
      let to = Timestamp(microseconds: from.microseconds + length)
      found.append(QueriedWindow(from: from, to: to))
      from = to
    }
    return found
  }

  /// After a long rest, so many windows are found at a time.
  private static let mostDue = 100

  /// The fact that a file holds new labels.
  func labels(at path: String) throws -> LabelsFound {
    let (sha256, size) = try checksum(ofData: path)
    return LabelsFound(source: path, size: size, checksum: sha256)
  }

  /// The key under which a window or a file of labels is found once.
  public static func key(source: String, checksum: String) -> String { "found/\(source)/\(checksum)" }

  /// How often a pattern is looked at: files here each second; a server, which counts its requests, as often as the monitor says, and at least each minute.
  static func pause(_ pattern: String, every: Span) -> Duration {
    RemoteFile.isRemote(pattern) ? min(.seconds(60), max(.seconds(1), every.duration)) : .seconds(1)
  }

  private static let namespace = UUID(uuidString: "5f5c3a52-0b5e-4a55-9d1c-6f7b9f0f7c11")!

  private func times(_ path: String) -> (Timestamp, Timestamp)? {
    guard let name = monitor.columns.time,
      let table = try? TableReader.read(path: path, options: .init(raw: [name])), let values = try? table.times(name).compactMap({ $0 }),
      let first = values.min(), let last = values.max()
    else { return nil }
    return (first, last)
  }
}

extension WindowFinder.File {
  fileprivate init(_ file: RemoteFile) {
    self.init(path: file.path, size: file.size, modified: (file.modified?.microseconds ?? 0).multipliedReportingOverflow(by: 1000).partialValue, tag: file.tag)
  }
}
