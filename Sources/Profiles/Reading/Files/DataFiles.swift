internal import Foundation

/// The files that a path stands for: itself; those below a directory; those that match a pattern.
public enum DataFiles {
  /// The files, in the order of their paths, so that partitions named by date come in the order of time.
  ///
  /// Below a directory they are those with the ending of a data file; names that begin with a dot or an underscore are not looked at (`_SUCCESS`,
  /// `.part-0.tmp`), as in Spark and Hive. A file whose name holds `*`, `?` or `[` is itself.
  /// - Throws: `TableError` when there is none, or one cannot be looked at.
  public static func at(_ path: String) throws(TableError) -> [String] {
    var information = stat()
    if stat(path, &information) == 0 {
      guard information.st_mode & S_IFMT == S_IFDIR else { return [path] }
      let files = below(path)
      guard !files.isEmpty else {
        throw TableError(source: path, problem: "is a directory without data files", advice: "they end in .csv, .tsv, .jsonl (each also with .gz) or .parquet")
      }
      return files
    }
    guard path.contains(where: { "*?[".contains($0) }) else {
      throw TableError(source: path, problem: "cannot be opened: \(String(cString: strerror(errno)))", advice: "check the path and its rights")
    }
    var files: [String] = []
    for match in matches(path) {
      guard stat(match, &information) == 0 else { continue }
      if information.st_mode & S_IFMT == S_IFDIR { files += below(match) } else { files.append(match) }
    }
    guard !files.isEmpty else { throw TableError(source: path, problem: "matches no file", advice: "check the pattern; quote it, so that the shell leaves it") }
    return files
  }

  /// What a pattern matches, files and directories, in order.
  static func matches(_ pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, GLOB_NOSORT, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }.sorted()
  }

  private static func below(_ directory: String) -> [String] {
    guard let walk = FileManager.default.enumerator(atPath: directory) else { return [] }
    var files: [String] = []
    for case let name as String in walk {
      if name.split(separator: "/").contains(where: { $0.hasPrefix(".") || $0.hasPrefix("_") }) { continue }
      guard DataFormat(name: name).kind != nil else { continue }
      let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
      var information = stat()
      if stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG { files.append(path) }
    }
    return files.sorted()
  }
}
