import Statistics
import Testing

@Suite struct KernelDensityTests {
  /// Values of the plain sum over all values and their mirror images, made in Python.
  @Test func `the binned curve is that of the plain sum`() {
    let sample = Sample((0..<400).map { Double(($0 * $0 * 31) % 997) / 100 })
    let density = KernelDensity.estimate(sample, from: 1, to: 9, points: 9)
    let expected = [(0, 0.10613277441708249), (2, 0.10594038090498879), (4, 0.09002695801407191), (8, 0.10134835310767354)]
    for (index, value) in expected { #expect(abs(density[index] - value) < 1e-4, "\(index): \(density[index])") }
  }

  @Test func `the mass is one, at hard ends too, and beyond them there is none`() {
    let sample = Sample((0..<5000).map { Double($0 * $0 % 4999) / 4999 })
    let density = KernelDensity.estimate(sample, from: -0.5, to: 1.5, points: 401)
    #expect(abs(density.reduce(0, +) * 0.005 - 1) < 0.01)
    #expect(density[0] == 0 && density[400] == 0)
    #expect(density[102] > 0.8 && density[298] > 0.8)
  }

  @Test func `what has no spread has no curve`() {
    #expect(KernelDensity.estimate(Sample([3, 3, 3]), from: 2, to: 4, points: 10) == [])
    #expect(KernelDensity.estimate(Sample([]), from: 0, to: 1, points: 10) == [])
    #expect(KernelDensity.estimate(Sample([1]), from: 0, to: 1, points: 10) == [])
    #expect(KernelDensity.estimate(Sample([1, 2]), from: 1, to: 1, points: 10) == [])
  }

  @Test func `an outlier does not flatten the curve`() {
    let values = (0..<200).map { Double($0 % 3 == 0 ? $0 % 20 : 0) } + [1e9]
    let density = KernelDensity.estimate(Sample(values), from: 0, to: 20, points: 21)
    #expect(density.allSatisfy(\.isFinite) && density[0] > 0.05)
  }
}
