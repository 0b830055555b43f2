internal import Crypto
internal import Values

/// The chain of hashes as LOG.md has it: `sha256(previous ‖ fields)`.
enum ChainHash {
  /// What stands before the first event.
  static let beginning = [UInt8](repeating: 0, count: 32)

  /// Each field a 4-byte big-endian length and its UTF-8 bytes, NULL as `ffffffff`.
  static func bytes(of fields: [String?]) -> [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      guard let field else {
        bytes += [0xff, 0xff, 0xff, 0xff]
        continue
      }
      withUnsafeBytes(of: UInt32(field.utf8.count).bigEndian) { bytes += $0 }
      bytes += field.utf8
    }
    return bytes
  }

  /// The hash of an event whose fields, in the order of LOG.md and with `kedge1` before them, are these.
  static func next(after previous: [UInt8], _ fields: [String?]) -> [UInt8] {
    var digest = SHA256()
    digest.update(data: previous)
    digest.update(data: bytes(of: fields))
    return Array(digest.finalize())
  }

  /// Lower-case hexadecimal.
  static func text(_ hash: [UInt8]) -> String { hash.hexadecimal }

  /// Reads what `text` writes; nil when it is something else.
  static func bytes(from text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard text.utf8.count == 64, digits.count == 64 else { return nil }
    let hash = stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    return self.text(hash) == text ? hash : nil
  }
}
