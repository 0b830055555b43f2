internal import CZlib
internal import Foundation

/// A file of lines that cannot be read or written.
public struct LineFileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Its path.
  public let path: String
  /// What went wrong.
  public let problem: String

  /// For people.
  public var description: String { "\(path): \(problem)" }
}

/// Reads a file line by line, packed with gzip or not.
struct LineReader: ~Copyable {
  private let path: String
  private let file: gzFile
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false

  init(_ path: String) throws(LineFileError) {
    guard let file = gzopen(path, "rb") else { throw LineFileError(path: path, problem: "cannot be opened: \(String(cString: strerror(errno)))") }
    gzbuffer(file, 1 << 17)
    (self.path, self.file) = (path, file)
  }

  deinit { gzclose(file) }

  /// The next line without its end; nil after the last.
  /// - Throws: `LineFileError` when it cannot be read, is no valid gzip data, or is cut off.
  mutating func next() throws(LineFileError) -> [UInt8]? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0a) {
        defer { start = end + 1 }
        return Array(buffer[start..<end])
      }
      if isAtEnd {
        guard start < buffer.count else { return nil }
        defer { start = buffer.count }
        return Array(buffer[start...])
      }
      buffer.removeFirst(start)
      (start, searched) = (0, buffer.count)
      try fill()
    }
  }

  private mutating func fill() throws(LineFileError) {
    var piece = [UInt8](repeating: 0, count: 1 << 17)
    let count = piece.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32($0.count)) }
    var code: Int32 = 0
    let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
    if count < 0 || code == Z_BUF_ERROR { throw LineFileError(path: path, problem: "cannot be read to its end: \(message)") }
    if count == 0 { isAtEnd = true }
    buffer += piece.prefix(Int(count))
  }
}

/// Writes a file beside its place and moves it there when it is whole; packed with gzip when its name ends in `.gz`.
struct LineWriter: ~Copyable {
  private let path: String
  private let unfinished: String
  private let file: gzFile
  private var buffer: [UInt8] = []
  private var isFinished = false

  init(_ path: String) throws(LineFileError) {
    self.path = path
    unfinished = "\(path).unfinished-\(getpid())"
    guard let file = gzopen(unfinished, path.hasSuffix(".gz") ? "wb6" : "wbT") else {
      throw LineFileError(path: path, problem: "cannot be written: \(String(cString: strerror(errno)))")
    }
    self.file = file
  }

  /// What was not finished is removed.
  deinit {
    if !isFinished {
      gzclose(file)
      unlink(unfinished)
    }
  }

  mutating func write(line: String) throws(LineFileError) {
    buffer += line.utf8
    buffer.append(0x0a)
    if buffer.count >= 1 << 17 { try flush() }
  }

  /// Writes the rest, waits for the disk, and moves the file to its place.
  mutating func finish() throws(LineFileError) {
    try flush()
    isFinished = true
    guard gzclose(file) == Z_OK else { throw failure("cannot be written to its end") }
    let written = open(unfinished, O_RDONLY | O_CLOEXEC)
    defer { close(written) }
    guard written >= 0, fsync(written) == 0, rename(unfinished, path) == 0 else { throw failure("cannot be put in its place") }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(directory) }
    guard directory >= 0, fsync(directory) == 0 else { throw failure("may not survive a crash of the machine") }
  }

  private mutating func flush() throws(LineFileError) {
    guard !buffer.isEmpty else { return }
    let count = buffer.withUnsafeBytes { gzwrite(file, $0.baseAddress, UInt32($0.count)) }
    guard Int(count) == buffer.count else { throw failure("cannot be written") }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failure(_ what: String) -> LineFileError {
    let reason = String(cString: strerror(errno))
    if isFinished { unlink(unfinished) }
    return LineFileError(path: path, problem: "\(what): \(reason)")
  }
}
