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
    /// Nanoseconds since 1970: tells a file that was replaced.
    let modified: Int64
  }

  /// Files that match a pattern, in the order of their names. Names that begin with a dot never match: writers write under
  /// such a name and rename.
  static func files(matching pattern: String) -> [File] {
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
  static func windows(matching pattern: String, at now: Timestamp) -> [File] {
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

  static func file(at path: String) -> File? {
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
    guard let file = WindowFinder.file(at: path) ?? WindowFinder.directory(at: path, .init(microseconds: .max)) else {
      throw ArtifactError.unreadable(path)
    }
    let (sha256, size) = try checksum(ofData: path)
    let modified = Timestamp(microseconds: file.modified / 1000)
    let named = WindowFinder.file(at: path) == nil ? PartitionDate(path).map { ($0.start, $0.end) } : nil
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
    let checksum = SHA256.hash(data: Data("\(sql.query)\n\(ends.source)".utf8)).hex
    return WindowFound(
      window: WindowID(UUID(namespace: WindowFinder.namespace, name: "\(monitor.name)\n\(ends.source)\n\(checksum)")), source: ends.source, size: 0,
      checksum: checksum, startAt: ends.from, endAt: ends.to)
  }

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
    let (sha256, size) = try checksum(ofFile: path)
    return LabelsFound(source: path, size: size, checksum: sha256)
  }

  /// The key under which a window or a file of labels is found once.
  public static func key(source: String, checksum: String) -> String { "found/\(source)/\(checksum)" }

  private static let namespace = UUID(uuidString: "5f5c3a52-0b5e-4a55-9d1c-6f7b9f0f7c11")!

  private func times(_ path: String) -> (Timestamp, Timestamp)? {
    guard let name = monitor.columns.time,
      let table = try? TableReader.read(path: path, options: .init(raw: [name])), let values = try? table.times(name).compactMap({ $0 }),
      let first = values.min(), let last = values.max()
    else { return nil }
    return (first, last)
  }
}
