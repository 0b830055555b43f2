public import Foundation
internal import Glibc
public import Lifecycle
internal import Profiles
internal import Values

/// Finds the files that are windows of a monitor, or its labels.
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

  private static func file(at path: String) -> File? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return File(
      path: path, size: Int(status.st_size), modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
  }

  /// The fact that a file is a new window, with its times and checksum. The same file with the same content always gives the same.
  ///
  /// A file whose times cannot be read is a window all the same, at its modification time: measuring it says what is wrong.
  /// - Throws: `ArtifactError` when the file cannot be opened.
  public func window(at path: String) throws -> WindowFound {
    guard let file = WindowFinder.file(at: path) else { throw ArtifactError.unreadable(path) }
    let (sha256, size) = try checksum(ofFile: path)
    let modified = Timestamp(microseconds: file.modified / 1000)
    let span = times(path) ?? (modified, modified)
    return WindowFound(
      window: WindowID(UUID(namespace: WindowFinder.namespace, name: "\(monitor.name)\n\(path)\n\(sha256)")), source: path, size: size,
      checksum: sha256, startAt: span.0, endAt: span.1)
  }

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
