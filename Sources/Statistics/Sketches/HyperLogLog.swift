internal import Foundation

/// Counts different values in 4 kB, within 1.6 % (one standard error); merging is exact in any order.
/// - Source: Flajolet et al. (2007), with linear counting below 2.5 times the registers.
public struct HyperLogLog: Sendable, Hashable {
  /// 2¹² registers: the longest run of zeros seen by each.
  public private(set) var registers: [UInt8]

  private static let bits: UInt64 = 12
  static let registerCount = 1 << 12

  /// Has seen nothing.
  public init() { registers = [UInt8](repeating: 0, count: HyperLogLog.registerCount) }

  /// - Returns: nil when these are not that many registers.
  public init?(registers: [UInt8]) {
    guard registers.count == HyperLogLog.registerCount else { return nil }
    self.registers = registers
  }

  /// Takes numbers; −0 and 0 are one.
  public mutating func add(_ values: [Double]) {
    registers.withUnsafeMutableBufferPointer { registers in
      for value in values { HyperLogLog.note(HyperLogLog.mix((value == 0 ? 0 : value).bitPattern), registers) }
    }
  }

  /// Takes a text.
  public mutating func add(_ text: String) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    registers.withUnsafeMutableBufferPointer { HyperLogLog.note(HyperLogLog.mix(hash), $0) }
  }

  /// Takes what another has seen.
  public mutating func merge(_ other: HyperLogLog) {
    for index in registers.indices { registers[index] = max(registers[index], other.registers[index]) }
  }

  /// How many different values.
  public var estimate: Double {
    let m = Double(HyperLogLog.registerCount)
    let harmonic = registers.reduce(0.0) { $0 + 1 / Double(UInt64(1) << UInt64($1)) }
    let raw = 0.7213 / (1 + 1.079 / m) * m * m / harmonic
    let empty = registers.count { $0 == 0 }
    return raw <= 2.5 * m && empty > 0 ? m * log(m / Double(empty)) : raw
  }

  @inline(__always)
  private static func note(_ hash: UInt64, _ registers: UnsafeMutableBufferPointer<UInt8>) {
    let index = Int(hash >> (64 - bits))
    let run = UInt8(truncatingIfNeeded: min(52, (hash << bits).leadingZeroBitCount) + 1)
    if run > registers[index] { registers[index] = run }
  }

  /// SplitMix64's finisher.
  private static func mix(_ x: UInt64) -> UInt64 {
    var z = x &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
