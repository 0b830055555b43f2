public import Values

/// What is wrong with a column's values as such, whatever their distribution.
public struct ColumnQuality: Sendable, Hashable, Codable {
  /// Something worth telling.
  public enum Finding: String, Sendable, Hashable, Codable, CaseIterable {
    /// The share of missing values differs (two-proportion test, adjusted over the columns) by at least a percentage point.
    case missingRateChanged = "missing_rate_changed"
    /// At least 1 % of the current values are categories that the reference never had.
    case newCategories = "new_categories"
    /// More current values lie outside the reference's range than chance puts there, and at least 1 %.
    case outOfRange = "out_of_range"
    /// One value only, where the reference has several.
    case constant
    /// No value at all.
    case allMissing = "all_missing"
    /// Infinite values, where the reference has none.
    case infinite
  }

  /// Empty when nothing is wrong.
  public var findings: [Finding] = []
  /// Share of missing values, reference and current.
  public var missingReference = 0.0
  /// Of the current values, 0...1.
  public var missingCurrent = 0.0
  /// Of the two-proportion test; nil when it does not apply.
  public var missingPValue: Double?
  /// Share of the current values in categories that the reference never had; nil for numbers.
  public var newCategoryShare: Double?
  /// Up to 20 of those categories, the most frequent first.
  public var newCategories: [String] = []
  /// Share of the current values below the reference's smallest or above its largest; nil for categories.
  public var outOfRangeShare: Double?
  /// Infinite values of each side.
  public var infiniteReference = 0
  /// In the current data.
  public var infiniteCurrent = 0

  /// As `kedge compare -o json` prints it.
  public var json: JSON {
    JSON([
      ("findings", JSON(findings.map(\.rawValue))),
      ("missing_share", ["reference": JSON(missingReference), "current": JSON(missingCurrent), "p_value": JSON(missingPValue)]),
      ("new_category_share", newCategoryShare.map { JSON($0) }), ("new_categories", newCategories.isEmpty ? nil : JSON(newCategories)),
      ("out_of_range_share", outOfRangeShare.map { JSON($0) }),
      (
        "infinite",
        infiniteReference + infiniteCurrent == 0
          ? nil : ["reference": .integer(Int64(infiniteReference)), "current": .integer(Int64(infiniteCurrent))]
      ),
    ])
  }
}
