import Integrations
import Testing

struct RetryPolicyTests {
  @Test func `the table of the documentation is what the formula gives`() {
    let policy = RetryPolicy()
    let longest = (1...12).map { policy.delay(afterAttempt: $0, random: 1) }
    #expect(longest == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900].map { .seconds($0) })
    #expect(policy.delay(afterAttempt: 59, random: 1) == .seconds(900) && policy.delay(afterAttempt: 60, random: 0) == nil)
    #expect(policy.delay(afterAttempt: 5, random: 0.5) == .seconds(16))
  }

  @Test(arguments: 1...20) func `what is down for an hour loses nothing`(seed: Int) throws {
    var state = UInt64(seed)
    func random() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 53)
    }
    let waits = try (1..<60).map { try #require(RetryPolicy().delay(afterAttempt: $0, random: random())) }
    #expect(waits.reduce(.zero, +) > .seconds(4 * 3600))
  }

  @Test(arguments: [0.0, 0.25, 0.999_999])
  func `a delay lies between nothing and the window, evenly`(random: Double) throws {
    let delay = try #require(RetryPolicy().delay(afterAttempt: 4, random: random))
    #expect(delay == .microseconds(Int64((16_000_000 * random).rounded())))
  }

  @Test func `the server's wish is a lower bound, itself bounded`() {
    let policy = RetryPolicy()
    #expect(policy.delay(afterAttempt: 1, random: 0.5, retryAfter: .seconds(30)) == .seconds(30))
    #expect(policy.delay(afterAttempt: 8, random: 0.5, retryAfter: .seconds(30)) == .seconds(128))
    #expect(policy.delay(afterAttempt: 1, random: 0.5, retryAfter: .seconds(1_000_000)) == .seconds(3600))
  }

  @Test func `odd settings give no odd delays`() {
    #expect(RetryPolicy(attempts: 1).delay(afterAttempt: 1, random: 0) == nil)
    #expect(RetryPolicy(base: .seconds(10), cap: .seconds(3), attempts: 1000).delay(afterAttempt: 900, random: 1) == .seconds(3))
    #expect(RetryPolicy(base: .zero, cap: .seconds(3), attempts: 1000).delay(afterAttempt: 900, random: 1) == .zero)
    #expect(RetryPolicy().delay(afterAttempt: 1, random: 7) == .seconds(2))
    #expect(RetryPolicy().delay(afterAttempt: 0, random: -1) == .zero)
  }
}
