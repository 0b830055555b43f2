internal import Foundation
public import PostgreSQL
public import Values

/// The end of the chain at some time, to be kept outside the database: a log that does not contain it is not this log, or was cut off.
public struct ChainHead: Hashable, Sendable {
  /// The epoch of its seal; 0 when nothing was sealed.
  public let epoch: Int64
  /// The position that was given last; 0 when nothing was sealed.
  public let position: Int64
  /// The hash at that position; 32 zero bytes when nothing was sealed.
  public let hash: [UInt8]
  /// When it was sealed; nil when nothing was.
  public let sealedAt: Timestamp?
  /// When it was taken out of the database.
  public let exportedAt: Timestamp
  /// Whose signature it carries; nil when it is not signed.
  public private(set) var publicKey: VerifyingKey?
  /// Ed25519, of `signedText`.
  private var signature: [UInt8]?

  /// Lower-case hexadecimal.
  public var hexadecimal: String { ChainHash.text(hash) }

  /// The head as it is now.
  /// - Throws: `PostgresError` and what else `Queryable.query` throws.
  public static func read(from database: any Queryable) async throws -> ChainHead {
    let row = try await database.query("select epoch, position, hash, sealed_at, clock_timestamp() from audit.head").first
    guard let row else { return ChainHead(epoch: 0, position: 0, hash: ChainHash.beginning, sealedAt: nil, exportedAt: .now()) }
    let (epoch, position, hash, sealedAt, now) = try row.decode(Int64.self, Int64.self, [UInt8].self, Timestamp.self, Timestamp.self)
    return ChainHead(epoch: epoch, position: position, hash: hash, sealedAt: sealedAt, exportedAt: now)
  }

  private init(epoch: Int64, position: Int64, hash: [UInt8], sealedAt: Timestamp?, exportedAt: Timestamp) {
    self.epoch = epoch
    self.position = position
    self.hash = hash
    self.sealedAt = sealedAt
    self.exportedAt = exportedAt
  }

  /// The same with a signature.
  public func signed(by key: SigningKey) throws -> ChainHead {
    var head = self
    head.signature = try key.signature(of: Array(signedText.utf8))
    head.publicKey = key.publicKey
    return head
  }

  /// What is signed, each on a line of its own: `kedge-head-1`, epoch, position, hash, sealed_at and exported_at in microseconds since
  /// 1970 (empty when nothing was sealed).
  public var signedText: String {
    (["kedge-head-1", "\(epoch)", "\(position)", hexadecimal, sealedAt.map { "\($0.microseconds)" } ?? "", "\(exportedAt.microseconds)"].map { $0 + "\n" })
      .joined()
  }

  /// What is wrong with its signature, if anything is.
  /// - Parameter key: the one that must have signed it; nil trusts the key that it names, and takes it without a signature.
  public func signatureProblem(expecting key: VerifyingKey? = nil) -> String? {
    guard let publicKey, let signature else { return key == nil ? nil : "the head is not signed" }
    if let key, key != publicKey { return "the head is signed by another key, \(publicKey)" }
    return publicKey.isValid(signature, of: Array(signedText.utf8)) ? nil : "the signature of the head is invalid: the head was changed after it was signed"
  }
}

extension ChainHead {
  private static let format = "kedge-head-1"

  /// The document that is exported.
  public var json: JSON {
    [
      "format": .string(ChainHead.format), "epoch": .integer(epoch), "position": .integer(position), "hash": .string(hexadecimal),
      "sealed_at": JSON(sealedAt), "exported_at": .string(exportedAt.description), "public_key": JSON(publicKey?.description),
      "signature": JSON(signature.map { Data($0).base64EncodedString() }),
    ]
  }

  /// Reads what `json` made.
  /// - Throws: `ChainHeadError` when it is something else. The signature is not checked.
  public init(_ json: JSON) throws(ChainHeadError) {
    guard json["format"]?.string == ChainHead.format else { throw ChainHeadError(problem: "its format is not \(ChainHead.format)") }
    guard let epoch = json["epoch"]?.integer, let position = json["position"]?.integer, position >= 0 else {
      throw ChainHeadError(problem: "epoch or position is missing")
    }
    guard let hash = json["hash"]?.string.flatMap(ChainHash.bytes(from:)) else { throw ChainHeadError(problem: "hash is not 64 hexadecimal digits") }
    guard let exportedAt = json["exported_at"]?.string.flatMap({ Timestamp($0) }) else { throw ChainHeadError(problem: "exported_at is not a time") }
    self.init(
      epoch: Int64(epoch), position: Int64(position), hash: hash, sealedAt: json["sealed_at"]?.string.flatMap { Timestamp($0) }, exportedAt: exportedAt)
    guard let key = json["public_key"]?.string, let signature = json["signature"]?.string else { return }
    guard let publicKey = VerifyingKey(key), let data = Data(base64Encoded: signature) else {
      throw ChainHeadError(problem: "public_key or signature is not what a head has")
    }
    self.publicKey = publicKey
    self.signature = Array(data)
  }
}

/// A document that is no head of a chain.
public struct ChainHeadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong with it.
  public let problem: String

  /// For people, and what to do.
  public var description: String { "this is no head of a log: \(problem); `kedge audit head` makes one" }
}

/// How a log stands to a head that was kept.
public enum ChainExtension: String, Hashable, Sendable {
  /// It contains the head: what was added came after it.
  case extends
  /// It ends before the head: something was cut off.
  case shorter
  /// It has another event at the head's position.
  case differs = "does_not_extend"
  /// What was looked at begins after the head.
  case beginsAfter = "begins_after"

  /// What is wrong, with the places; nil when nothing is.
  /// - Parameter end: the position at which the log ends.
  public func problem(_ head: ChainHead, end: Int64) -> String? {
    switch self {
    case .extends: nil
    case .shorter: "the log is shorter than the head: it ends at position \(end), and position \(head.position) was there"
    case .differs: "the log does not extend the head: at position \(head.position) it has another hash"
    case .beginsAfter: "what was verified begins after position \(head.position), so nothing can be said of the head"
    }
  }
}

extension ChainVerifier {
  /// Whether the log contains a head. It says nothing of what the events hold: verify them as well.
  /// - Throws: `PostgresError` and what else `Queryable.query` throws.
  public func compare(with head: ChainHead) async throws -> ChainExtension {
    if head.position == 0 { return head.hash == ChainHash.beginning ? .extends : .differs }
    guard let hash = try await database.query("select hash from kedge.log_order where position = \(head.position)", as: [UInt8].self).first else {
      return .shorter
    }
    return hash == head.hash ? .extends : .differs
  }

  /// What is wrong when the log does not contain a head; nil when it does.
  /// - Throws: as `compare(with:)`.
  public func problem(with head: ChainHead) async throws -> String? {
    let end = try await ChainHead.read(from: database).position
    return try await compare(with: head).problem(head, end: end)
  }
}
