/// Where a property test's randomness comes from. A test takes it as an argument, so that a failure names it and can be run again.
public struct Seed: Hashable, Sendable, CustomStringConvertible {
  public let value: UInt64

  public init(_ value: UInt64) { self.value = value }

  public var description: String { "seed \(value)" }

  /// The seeds 1...count.
  public static func batch(_ count: Int) -> [Seed] { (1...count).map { Seed(UInt64($0)) } }

  /// A generator that gives the same numbers for the same seed.
  public func makeGenerator() -> SeededGenerator { SeededGenerator(state: value) }
}

/// SplitMix64. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(state: UInt64) { self.state = state }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
