/// What a hypothesis test found.
public struct TestResult: Hashable, Sendable, Codable {
  /// The test's own statistic; its scale is the test's.
  public var statistic: Double
  /// The probability, if nothing changed, of a statistic at least as extreme; 0...1.
  public var pValue: Double
  /// Where the test has them.
  public var degreesOfFreedom: Double?

  /// A result; the p-value is clamped to 0...1.
  public init(statistic: Double, pValue: Double, degreesOfFreedom: Double? = nil) {
    self.statistic = statistic
    self.pValue = min(1, max(0, pValue))
    self.degreesOfFreedom = degreesOfFreedom
  }
}
