/// Byte strings, each different one kept once: what a block of a file is read into before the blocks are joined.
struct StringPool {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var hashes: [UInt64] = []
  private var slots: [Int32]

  init() { slots = [Int32](repeating: -1, count: 64) }

  /// How many different strings.
  var count: Int { ends.count }

  /// The number of this string, and whether it is new.
  mutating func intern(_ text: UnsafeRawBufferPointer) -> (code: Int32, isNew: Bool) {
    let hash = StringPool.hash(text)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while true {
      let code = slots[slot]
      if code < 0 { break }
      if hashes[Int(code)] == hash, equals(Int(code), text) { return (code, false) }
      slot = (slot + 1) & (slots.count - 1)
    }
    let code = Int32(ends.count)
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
    hashes.append(hash)
    slots[slot] = code
    if ends.count * 2 > slots.count { grow() }
    return (code, true)
  }

  /// Hands out the bytes of one string.
  func withBytes<R>(_ code: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    let start = code == 0 ? 0 : ends[code - 1]
    return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<ends[code]])) }
  }

  /// The strings in order of first appearance.
  var strings: [String] { (0..<count).map { withBytes($0) { CellText.string($0) } } }

  /// Whether all are ASCII: then different bytes are different strings.
  var isASCII: Bool { !bytes.contains { $0 >= 0x80 } }

  private func equals(_ code: Int, _ text: UnsafeRawBufferPointer) -> Bool {
    let start = code == 0 ? 0 : ends[code - 1]
    guard ends[code] - start == text.count else { return false }
    return bytes.withUnsafeBytes { all in
      for i in 0..<text.count where all[start &+ i] != text[i] { return false }
      return true
    }
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 4)
    for (code, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(code)
    }
  }

  /// Eight bytes at a time, multiplied and folded; not for adversaries who choose the strings to be slow: probing stays linear then.
  private static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(text.count)
    var offset = 0
    while offset &+ 8 <= text.count {
      hash = mix(hash ^ text.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset &+= 8
    }
    var rest: UInt64 = 0
    while offset < text.count {
      rest = rest << 8 | UInt64(text[offset])
      offset &+= 1
    }
    return mix(hash ^ rest)
  }

  private static func mix(_ x: UInt64) -> UInt64 {
    let product = x.multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
    return product.high ^ product.low
  }
}
