import Statistics
import Testing

/// What was made fast beside the plain version of it.
@Suite struct FastPathTests {
  private func numbers(_ count: Int, seed: UInt64, ties: Bool) -> [Double] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { index in
      if ties { return Double(Int(random.uniform() * 12)) - 6 }
      return index % 50 == 0 ? [-.infinity, .infinity, 0, -0.0, 1e300, -1e-300][Int(random.uniform() * 6)] : random.normal() * 1000
    }
  }

  @Test(arguments: [0, 1, 2, 127, 128, 129, 130, 1000, 8192, 8193, 20_000], [true, false])
  func `radix sort gives the order of the standard library`(count: Int, ties: Bool) {
    let values = numbers(count, seed: UInt64(count), ties: ties)
    var sorted = values
    RadixSort.ascending(&sorted)
    #expect(sorted == values.sorted())
  }

  @Test(arguments: [(1, 1), (1, 40), (7, 5), (100, 100), (333, 1000)], [true, false])
  func `the Kolmogorov-Smirnov distance is the largest gap at any pooled point`(sizes: (Int, Int), ties: Bool) throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let (a, b) = (numbers(sizes.0, seed: seed, ties: ties), numbers(sizes.1, seed: seed + 100, ties: ties))
      func share(_ values: [Double], _ x: Double) -> Double { Double(values.count { $0 <= x }) / Double(values.count) }
      let plain = (a + b).map { abs(share(a, $0) - share(b, $0)) }.max() ?? 0
      let fast = try KolmogorovSmirnov.distance(Sample(a), Sample(b))
      #expect(abs(fast - plain) < 1e-12, "seed \(seed)")
    }
  }

  @Test(arguments: [1, 7, 40] as [UInt64])
  func `a sketch of blocks keeps every value's weight and its stated error`(seed: UInt64) {
    let values = numbers(200_003, seed: seed, ties: false)
    let sorted = values.sorted()
    var (whole, merged) = (QuantileSketch(), QuantileSketch())
    whole.add(values)
    for start in stride(from: 0, to: values.count, by: 3001) {
      var part = QuantileSketch()
      part.add(Array(values[start..<min(values.count, start + 3001)]))
      merged.merge(part)
    }
    for sketch in [whole, merged] {
      #expect(sketch.count == values.count && sketch.weighted.reduce(0) { $0 + $1.weight } == values.count)
      for q in stride(from: 0.01, to: 1, by: 0.01) {
        guard let value = sketch.quantile(q) else { continue }
        let (below, upTo) = (Double(sorted.firstIndex { $0 >= value } ?? 0), Double(sorted.lastIndex { $0 <= value } ?? 0))
        let off = max(below / Double(values.count) - q, q - upTo / Double(values.count))
        #expect(off < sketch.rankError, "at \(q)")
      }
    }
  }
}
