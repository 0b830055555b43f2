internal import Crypto
internal import SystemPackage
internal import Values

/// What a file holds: its SHA-256 and its size.
public struct FileDigest: Sendable, Hashable {
  /// 64 lower-case hexadecimal digits.
  public let sha256: String
  /// In bytes.
  public let size: Int64

  /// Takes the values as they are; nothing is checked.
  public init(sha256: String, size: Int64) {
    self.sha256 = sha256
    self.size = size
  }

  /// Reads a file of any size, on a thread of its own, in pieces of a megabyte.
  /// - Throws: `Errno`, or `CancellationError` when the task is cancelled meanwhile.
  public init(of path: String) async throws {
    self = try await onOwnThread("kedge-digest") { cancellation in
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      return try file.closeAfter { try FileDigest(copying: file, to: nil, cancellation) }
    }
  }

  /// Reads to the end of `file`, writing what it reads to `copy`.
  init(copying file: FileDescriptor, to copy: FileDescriptor?, _ cancellation: Cancellation) throws {
    var hash = SHA256()
    var size: Int64 = 0
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      try cancellation.check()
      let count = try piece.withUnsafeMutableBytes { try file.read(into: $0) }
      if count == 0 { break }
      try piece.withUnsafeBytes { bytes in
        let read = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        hash.update(bufferPointer: read)
        try copy?.writeAll(read)
      }
      size += Int64(count)
    }
    self.init(sha256: hash.finalize().hexadecimal, size: size)
  }
}
