internal import Crypto

/// One file of SQL that makes a database what this version needs.
public struct Migration: Hashable, Sendable {
  /// When a file is run.
  public enum Kind: String, Hashable, Sendable {
    /// Roles of the cluster: made when they are missing.
    case role
    /// Tables: run once, never changed once released.
    case numbered
    /// A function or view: replaced when it changes.
    case object
    /// Run whenever anything was, because new objects need their rights.
    case always
  }

  /// The path in `migrations/`, e.g. `functions/append.sql`.
  public let path: String
  /// When the file is run.
  public let kind: Kind
  let script: String

  /// SHA-256 of the text, lower-case hexadecimal.
  let checksum: String

  init(_ path: String, _ kind: Kind, _ bytes: [UInt8]) {
    self.init(path, kind, script: String(decoding: bytes, as: UTF8.self))
  }

  init(_ path: String, _ kind: Kind, script: String) {
    self.path = path
    self.kind = kind
    self.script = script
    checksum = SHA256.hash(data: Array(script.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
