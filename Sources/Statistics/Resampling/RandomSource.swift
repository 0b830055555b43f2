/// A small, fast, seeded generator (xoshiro256++, seeded by SplitMix64): the same seed gives the same numbers on every machine,
/// so a permutation p-value or a bootstrap interval can be had again.
/// - Source: Blackman and Vigna (2018), public domain reference code.
public struct RandomSource: RandomNumberGenerator, Sendable, Hashable, Codable {
  private var a: UInt64
  private var b: UInt64
  private var c: UInt64
  private var d: UInt64

  /// - Parameter seed: any number; neighbours give unrelated sequences.
  public init(seed: UInt64) {
    var state = seed
    func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
    (a, b, c, d) = (next(), next(), next(), next())
  }

  public mutating func next() -> UInt64 {
    let sum = a &+ d
    let result = (sum << 23 | sum >> 41) &+ a
    let t = b << 17
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = d << 45 | d >> 19
    return result
  }

  /// A whole number in 0..<bound, without bias that matters (bound far below 2^32).
  mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

  /// Uniform in [0, 1).
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Standard normal, by inversion.
  public mutating func normal() -> Double { Normal.quantile((Double(next() >> 11) + 0.5) * 0x1p-53) }

  /// Puts the values in random order.
  mutating func shuffle<Element>(_ values: inout [Element]) {
    for i in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(i, below(i + 1)) }
  }
}

extension RandomSource {
  /// Reads the state that `encode(to:)` wrote.
  public init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    func next() throws -> UInt64 { UInt64(bitPattern: try container.decode(Int64.self)) }
    (a, b, c, d) = (try next(), try next(), try next(), try next())
  }

  /// Writes the state as signed numbers: JSON has no others of 64 bits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for word in [a, b, c, d] { try container.encode(Int64(bitPattern: word)) }
  }
}
