internal import Crypto
public import Foundation

extension UUID {
  /// The identifier that RFC 9562 derives from a name (version 5): the same name always gives the same one,
  /// so a retried decision makes no second thing.
  public init(namespace: UUID, name: String) {
    var hash = Insecure.SHA1()
    withUnsafeBytes(of: namespace.uuid) { hash.update(bufferPointer: $0) }
    hash.update(data: Array(name.utf8))
    var bytes = Array(hash.finalize().prefix(16))
    bytes[6] = bytes[6] & 0x0f | 0x50
    bytes[8] = bytes[8] & 0x3f | 0x80
    self = bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
  }

  /// The canonical lower-case text, as PostgreSQL prints it.
  public var lowercased: String { uuidString.lowercased() }
}
