import Foundation
import Statistics
import Testing

@Suite struct SketchTests {
  private func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in random.normal() * 3 + 1000 }
  }

  @Test func `moments merged in any order are those of the whole`() {
    let all = numbers(3000, seed: 1)
    let parts = [Array(all[..<7]), Array(all[7..<1900]), Array(all[1900...]), []].map { part -> Moments in
      var moments = Moments()
      moments.add(part)
      return moments
    }
    let sample = Sample(all)
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
      var merged = Moments()
      for index in order { merged.merge(parts[index]) }
      #expect(merged.count == 3000)
      #expect(abs(merged.mean - sample.mean) < 1e-9)
      #expect(abs((merged.standardDeviation ?? 0) - sample.standardDeviation(degreesLost: 1)) < 1e-9)
      #expect(merged.min == sample.values.first && merged.max == sample.values.last)
    }
  }

  @Test func `different values are counted within the stated error and merged exactly`() {
    var (a, b, both) = (HyperLogLog(), HyperLogLog(), HyperLogLog())
    let (first, second) = ((0..<30_000).map(Double.init), (20_000..<60_000).map(Double.init))
    a.add(first)
    b.add(second)
    both.add(first + second)
    var (ab, ba) = (a, b)
    ab.merge(b)
    ba.merge(a)
    #expect(ab == ba && ab == both)
    #expect(abs(ab.estimate - 60_000) < 60_000 * 0.05)
    var few = HyperLogLog()
    for text in ["a", "b", "c", "a"] { few.add(text) }
    #expect(few.estimate.rounded() == 3)
  }

  @Test func `quantiles stay within the stated rank error however they are merged`() {
    let all = numbers(60_000, seed: 2)
    let sorted = all.sorted()
    func sketch(_ values: ArraySlice<Double>) -> QuantileSketch {
      var sketch = QuantileSketch()
      sketch.add(Array(values))
      return sketch
    }
    let parts = [sketch(all[..<500]), sketch(all[500..<31_000]), sketch(all[31_000...])]
    var (forward, backward) = (QuantileSketch(), QuantileSketch())
    for part in parts { forward.merge(part) }
    for part in parts.reversed() { backward.merge(part) }
    for merged in [sketch(all[...]), forward, backward] {
      #expect(merged.count == all.count)
      #expect(merged.weighted.reduce(0) { $0 + $1.weight } == all.count)
      #expect(merged.rankError < 0.005)
      #expect(merged.levels.reduce(0) { $0 + $1.count } < 6000)
      for q in [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] {
        let value = merged.quantile(q)!
        let rank = Double(sorted.firstIndex { $0 >= value }!) / Double(all.count)
        #expect(abs(rank - q) < merged.rankError * 1.5, "\(q): \(rank)")
      }
    }
  }

  @Test func `a small sketch is exact`() {
    var sketch = QuantileSketch()
    sketch.add([3, 1, 2])
    #expect(sketch.quantile(0.5) == 2 && sketch.rankError == 0)
    #expect(QuantileSketch().quantile(0.5) == nil)
  }

  @Test func `frequent texts are exact while they fit and bounded when they do not`() {
    var (a, b) = (FrequentItems(capacity: 50), FrequentItems(capacity: 50))
    for i in 0..<40 { a.add("x\(i)", count: i + 1) }
    for i in 20..<45 { b.add("x\(i)", count: 2) }
    var (ab, ba) = (a, b)
    ab.merge(b)
    ba.merge(a)
    #expect(ab == ba && ab.error == 0 && ab.counts["x39"] == 42)
    var many = FrequentItems(capacity: 50)
    for i in 0..<10_000 { many.add(i % 2 == 0 ? "often" : "rare\(i)") }
    #expect(many.counts["often"]! <= 5000 && many.counts["often"]! >= 5000 - many.error)
    #expect(many.total == 10_000 && many.counts.count <= 101)
  }
}
