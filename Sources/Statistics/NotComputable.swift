/// The answer of a statistic that has none for these data, with the reason: an empty sample, no variation, too few rows.
///
/// It is a result, not a failure of the program: one column that cannot be judged never costs the others their verdict.
public struct NotComputable: Error, Hashable, Sendable, Codable, CustomStringConvertible {
  /// Why, in words that follow "not computable: ".
  public let reason: String

  /// - Parameter reason: in words that follow "not computable: ".
  public init(_ reason: String) { self.reason = reason }

  /// `not computable: ` and the reason.
  public var description: String { "not computable: \(reason)" }
}
