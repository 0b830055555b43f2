internal import Crypto
internal import Foundation

/// An Ed25519 key that signs heads of the chain. As text it is PKCS#8 in PEM, what `openssl genpkey -algorithm ed25519` makes.
public struct SigningKey: Sendable {
  private let key: Curve25519.Signing.PrivateKey

  /// A new one.
  public init() { key = Curve25519.Signing.PrivateKey() }

  /// - Throws: `KeyError` when the text is something else.
  public init(pem: String) throws(KeyError) {
    let bytes = try PEM.key("PRIVATE KEY", SigningKey.prefix, in: pem)
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) else { throw KeyError(expected: "an Ed25519 private key") }
    self.key = key
  }

  /// To be kept in a file that only whoever signs can read.
  public var pem: String { PEM.text("PRIVATE KEY", SigningKey.prefix + key.rawRepresentation) }

  /// What others verify with.
  public var publicKey: VerifyingKey { VerifyingKey(bytes: Array(key.publicKey.rawRepresentation)) }

  /// 64 bytes.
  func signature(of bytes: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: bytes)) }

  /// What stands before the 32 bytes of every key, after RFC 8410.
  private static let prefix: [UInt8] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]
}

/// The public half of an Ed25519 key. As text it is what `openssl pkey -pubout` prints.
public struct VerifyingKey: Hashable, Sendable, CustomStringConvertible {
  /// 32 bytes.
  let bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// - Throws: `KeyError` when the text is something else.
  public init(pem: String) throws(KeyError) { bytes = try PEM.key("PUBLIC KEY", VerifyingKey.prefix, in: pem) }

  /// Reads what `description` says; nil when it is something else.
  public init?(_ text: String) {
    guard let data = Data(base64Encoded: text), data.count == 32 else { return nil }
    bytes = Array(data)
  }

  /// For a file that anybody may read.
  public var pem: String { PEM.text("PUBLIC KEY", VerifyingKey.prefix + bytes) }

  /// Base64 of the 32 bytes.
  public var description: String { Data(bytes).base64EncodedString() }

  func isValid(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
    (try? Curve25519.Signing.PublicKey(rawRepresentation: self.bytes))?.isValidSignature(signature, for: bytes) ?? false
  }

  private static let prefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
}

/// A text that is not the key that was expected. It tells nothing of what is there.
public struct KeyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What should be there.
  public let expected: String

  /// For people, and what to do.
  public var description: String { "this is not \(expected) in PEM; `kedge audit key --out FILE` makes one" }
}

/// Keys as text between dashes.
private enum PEM {
  static func text(_ label: String, _ bytes: [UInt8]) -> String {
    "-----BEGIN \(label)-----\n\(Data(bytes).base64EncodedString())\n-----END \(label)-----\n"
  }

  /// The 32 bytes after the prefix.
  static func key(_ label: String, _ prefix: [UInt8], in text: String) throws(KeyError) -> [UInt8] {
    let what = "an Ed25519 \(label.lowercased())"
    guard let begin = text.firstRange(of: "-----BEGIN \(label)-----"), let end = text[begin.upperBound...].firstRange(of: "-----END \(label)-----"),
      let data = Data(base64Encoded: text[begin.upperBound..<end.lowerBound].filter { !$0.isWhitespace }), data.count == prefix.count + 32,
      data.starts(with: prefix)
    else { throw KeyError(expected: what) }
    return Array(data.suffix(32))
  }
}
