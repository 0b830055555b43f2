internal import Glibc

/// The end of a log.
enum LogTail {
  /// The last bytes of an open file, as text.
  static func read(_ file: Int32, bytes limit: Int) -> String {
    let size = Int(lseek(file, 0, SEEK_END))
    let start = max(0, size - limit)
    let buffer = [UInt8](unsafeUninitializedCapacity: max(0, size - start)) { buffer, count in
      count = max(0, pread(file, buffer.baseAddress, buffer.count, off_t(start)))
    }
    return String(decoding: buffer, as: UTF8.self).trimmed
  }

  /// The last lines that the server wrote from an offset on, joined for an error's one line.
  static func lines(of path: String, from offset: Int, _ count: Int = 8) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return "there is no log at \(path)" }
    defer { close(file) }
    let size = Int(lseek(file, 0, SEEK_END))
    let lines = read(file, bytes: min(16_384, max(0, size - offset))).split(separator: "\n").suffix(count)
    return lines.isEmpty ? "it wrote nothing to \(path)" : lines.joined(separator: " | ") + " (all of it in \(path))"
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = Substring(self)
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text.drop(while: \.isWhitespace))
  }
}
