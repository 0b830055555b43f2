internal import SystemPackage

/// Reads a growing log piece by piece. Its memory is one piece, however much is written.
struct LogFollower {
  private let path: String
  private var offset: Int64 = 0
  static let pieceBytes = 65_536

  init(path: String) { self.path = path }

  /// Hands on what is written, until the task is cancelled.
  /// - Returns: the follower as it stands then, for `finish`.
  func follow(_ deliver: @Sendable ([UInt8]) async -> Void) async -> LogFollower {
    var follower = self
    while !Task.isCancelled {
      while let piece = follower.next(.growing) { await deliver(piece) }
      try? await Task.sleep(for: .milliseconds(150))
    }
    return follower
  }

  /// Hands on the rest of a log that has ended.
  func finish(_ deliver: @Sendable ([UInt8]) async -> Void) async {
    var follower = self
    while let piece = follower.next(.ended) { await deliver(piece) }
  }

  private enum Log { case growing, ended }

  /// The next piece: up to the last line end in it, while the log is growing. Nil when there is none yet.
  private mutating func next(_ log: Log) -> [UInt8]? {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec) else { return nil }
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: LogFollower.pieceBytes)
    guard let count = try? bytes.withUnsafeMutableBytes({ try file.read(fromAbsoluteOffset: offset, into: $0) }), count > 0 else { return nil }
    bytes.removeLast(bytes.count - count)
    // A carriage return ends a line of a progress bar.
    if let end = bytes.lastIndex(where: { $0 == 0x0a || $0 == 0x0d }) {
      bytes.removeLast(bytes.count - end - 1)
    } else if log == .growing, count < LogFollower.pieceBytes {
      return nil
    }
    offset += Int64(bytes.count)
    return bytes
  }
}
