internal import SystemPackage

/// The end of a log, fit for an event: few lines, none long, no control characters (which JSON in PostgreSQL could not hold).
struct LogTail {
  let lines: [String]
  /// Of the whole log.
  let bytes: Int

  private static let linesKept = 40
  private static let charactersKept = 500
  private static let bytesRead: Int64 = 65_536

  init(path: String) {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec), let size = try? file.seek(offset: 0, from: .end) else {
      (lines, bytes) = ([], 0)
      return
    }
    defer { try? file.close() }
    bytes = Int(size)
    let start = max(0, size - LogTail.bytesRead)
    var chunk = [UInt8](repeating: 0, count: Int(size - start))
    let count = (try? chunk.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: start, into: $0) }) ?? 0
    lines = LogTail.lines(Array(chunk[..<count]), cutAtStart: start > 0)
  }

  /// - Parameter cutAtStart: the first line is the rest of one; it is kept only if there is no other.
  static func lines(_ bytes: [UInt8], cutAtStart: Bool) -> [String] {
    var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    if cutAtStart, lines.count > 1 { lines.removeFirst() }
    return lines.suffix(linesKept).map { line in
      // What a terminal would show: the last state of a progress bar.
      let visible = line.split(separator: 0x0d).last ?? []
      let text = plain(visible)
      return text.count <= charactersKept ? text : text.prefix(charactersKept - 1) + "…"
    }
  }

  /// Text without colours (`ESC [ … letter`) and control characters but the tab.
  private static func plain(_ bytes: ArraySlice<UInt8>) -> String {
    var kept: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      if byte == 0x1b, index < bytes.endIndex, bytes[index] == UInt8(ascii: "[") {
        index += 1
        while index < bytes.endIndex, !(0x40...0x7e).contains(bytes[index]) { index += 1 }
        index = min(index + 1, bytes.endIndex)
      } else if byte == 0x09 || (byte >= 0x20 && byte != 0x7f) {
        kept.append(byte)
      }
    }
    return String(decoding: kept, as: UTF8.self)
  }
}
