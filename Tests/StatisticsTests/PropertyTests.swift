import Statistics
import Testing

/// What must hold whatever the data.
@Suite struct PropertyTests {
  private func sample(_ count: Int, _ random: inout RandomSource, shift: Double = 0, rounded: Bool = false) -> [Double] {
    (0..<count).map { _ in
      let value = random.normal() + shift
      return rounded ? (value * 4).rounded() / 4 : value
    }
  }

  @Test(arguments: UInt64(1)...12)
  func `swapping the samples changes no symmetric test`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let a = Sample(sample(40 + Int(seed) * 7, &random, rounded: seed % 2 == 0))
    let b = Sample(sample(55, &random, shift: 0.3, rounded: seed % 2 == 0))
    func same(_ name: String, _ test: (Sample, Sample) throws -> TestResult) throws {
      let (p, q) = (try test(a, b).pValue, try test(b, a).pValue)
      #expect(abs(p - q) <= 1e-9 * max(p, q), "\(name), seed \(seed)")
    }
    try same("ks") { try KolmogorovSmirnov.test($0, $1) }
    try same("mann_whitney") { try MannWhitney.test($0, $1) }
    try same("cramer_von_mises") { try CramerVonMises.test($0, $1) }
    try same("anderson_darling") { try AndersonDarling.test($0, $1) }
    try same("epps_singleton") { try EppsSingleton.test($0, $1) }
    try same("welch") { try MeanTests.welch($0, $1) }
    try same("levene") { try MeanTests.levene($0, $1) }
    #expect(try abs(CDFDistance.wasserstein(a, b) - CDFDistance.wasserstein(b, a)) < 1e-12)
  }

  @Test(arguments: UInt64(1)...12)
  func `order, shift and scale change no rank test`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let (a, b) = (sample(60, &random, rounded: true), sample(45, &random, shift: 0.2, rounded: true))
    var shuffled = a
    shuffled.shuffle(using: &random)
    // Powers of two, so that ties stay ties to the last bit.
    let moved = (Sample(a.map { $0 * 8 + 1024 }), Sample(b.map { $0 * 8 + 1024 }))
    for test in [{ try KolmogorovSmirnov.test($0, $1) }, { try MannWhitney.test($0, $1) }, { try CramerVonMises.test($0, $1) }]
      as [(Sample, Sample) throws -> TestResult]
    {
      #expect(try test(Sample(a), Sample(b)) == test(Sample(shuffled), Sample(b)), "seed \(seed)")
      #expect(try test(Sample(a), Sample(b)) == test(moved.0, moved.1), "seed \(seed)")
    }
    let counts = CategoryCounts(reference: [5, 9, 2], current: [4, 1, 8])
    let other = CategoryCounts(reference: [2, 5, 9], current: [8, 4, 1])
    #expect(try abs(ChiSquared.test(counts).pValue - ChiSquared.test(other).pValue) < 1e-12)
  }

  @Test func `p-values are uniform when nothing changed`() throws {
    var random = RandomSource(seed: 20_261_123)
    var hits: [String: Int] = [:]
    let runs = 800
    for _ in 0..<runs {
      let (a, b) = (Sample(sample(80, &random)), Sample(sample(60, &random)))
      if try KolmogorovSmirnov.test(a, b).pValue <= 0.05 { hits["ks", default: 0] += 1 }
      if try MannWhitney.test(a, b).pValue <= 0.05 { hits["mann_whitney", default: 0] += 1 }
      if try CramerVonMises.test(a, b).pValue <= 0.05 { hits["cramer_von_mises", default: 0] += 1 }
      if try AndersonDarling.test(a, b).pValue <= 0.05 { hits["anderson_darling", default: 0] += 1 }
      if try MeanTests.welch(a, b).pValue <= 0.05 { hits["welch", default: 0] += 1 }
    }
    for (name, count) in hits {
      let share = Double(count) / Double(runs)
      #expect(share > 0.027 && share < 0.075, "\(name): \(share)")
    }
    #expect(hits.count == 5)
  }

  @Test func `the permuted chi-squared keeps its level where cells are few`() throws {
    var random = RandomSource(seed: 5)
    var hits = 0
    let runs = 400
    for _ in 0..<runs {
      var (a, b) = ([Int](repeating: 0, count: 8), [Int](repeating: 0, count: 8))
      for _ in 0..<25 { a[min(7, Int(random.uniform() * random.uniform() * 9))] += 1 }
      for _ in 0..<20 { b[min(7, Int(random.uniform() * random.uniform() * 9))] += 1 }
      if try ChiSquared.permutation(CategoryCounts(reference: a, current: b), tables: 199).pValue <= 0.05 { hits += 1 }
    }
    #expect(hits > 6 && hits < 34, "\(hits) of \(runs)")
  }

  @Test func `the radix sort equals the standard library's`() {
    var random = RandomSource(seed: 9)
    var values =
      (0..<20_000).map { _ in random.normal() * 1e3 } + [
        0, -.infinity, .infinity, Double.leastNonzeroMagnitude, -Double.leastNonzeroMagnitude, 1e308, -1e308, 2.5, 2.5,
      ]
    values.shuffle(using: &random)
    var sorted = values
    RadixSort.ascending(&sorted)
    #expect(sorted == values.sorted())
  }

  @Test func `adjusted p-values never fall below the raw ones and keep their order`() {
    var random = RandomSource(seed: 3)
    let p = (0..<50).map { _ in random.uniform() * random.uniform() }
    for correction in Correction.allCases {
      let adjusted = correction.adjust(p)
      #expect(zip(p, adjusted).allSatisfy { $0 <= $1 + 1e-15 && $1 <= 1 })
      let order = p.indices.sorted { p[$0] < p[$1] }
      #expect(zip(order, order.dropFirst()).allSatisfy { adjusted[$0] <= adjusted[$1] + 1e-15 })
    }
    #expect(Correction.holm.adjust([]) == [])
  }
}
