/// Hashes of row ids, by which windows and files of labels find each other: the same in every process and for good.
struct RowKeys: Sendable, Equatable {
  /// Ascending, different.
  let hashes: [UInt64]

  init(_ ids: some Sequence<String>) {
    var all = ids.map(RowKeys.hash)
    all.sort()
    var distinct: [UInt64] = []
    distinct.reserveCapacity(all.count)
    for hash in all where distinct.last != hash { distinct.append(hash) }
    hashes = distinct
  }

  /// What `bytes` wrote; nil for anything else.
  init?(bytes: [UInt8]) {
    guard bytes.count % 8 == 0 else { return nil }
    hashes = bytes.withUnsafeBytes { raw in
      (0..<bytes.count / 8).map { UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
  }

  /// Eight bytes each, the lowest first.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(hashes.count * 8)
    for hash in hashes { withUnsafeBytes(of: hash.littleEndian) { bytes.append(contentsOf: $0) } }
    return bytes
  }

  /// FNV-1a with a finisher: two ids of a billion rows collide once in forty monitors, and a collision costs a look into a file.
  static func hash(_ id: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
    return hash ^ (hash >> 31)
  }
}
