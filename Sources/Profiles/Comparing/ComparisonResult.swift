public import Values

/// What a comparison of two tables found. `json` is its documented form; `Codable` reads and writes the same fields.
public struct ComparisonResult: Sendable, Hashable, Codable {
  /// Rows of each side.
  public struct Rows: Sendable, Hashable, Codable {
    /// Of the reference.
    public var reference: Int
    /// Of the current data.
    public var current: Int
  }

  /// The verdict over all columns.
  public struct Drift: Sendable, Hashable, Codable {
    /// Any column drifted, or, with a threshold, at least that share of them.
    public var detected: Bool
    /// Drifted columns over compared ones; 0 when none was compared.
    public var share: Double
    /// The share from which drift is detected; nil: any column.
    public var threshold: Double?
    /// In the reference's order.
    public var driftedColumns: [String]
  }

  /// How the columns differ as such.
  public struct Schema: Sendable, Hashable, Codable {
    /// In the reference only.
    public var missing: [String]
    /// In the current data only.
    public var new: [String]
    /// Of another kind in the current data.
    public var typeChanged: [String]

    /// Whether both sides have the same columns, of the same kinds.
    public var isUnchanged: Bool { missing.isEmpty && new.isEmpty && typeChanged.isEmpty }
  }

  /// All columns tested together, when such a test was asked for.
  public struct Multivariate: Sendable, Hashable, Codable {
    /// Its name, as users type it.
    public var test: String
    /// The columns that took part.
    public var columns: [String]
    /// The test's own number; nil without an answer.
    public var statistic: Double?
    /// Nil without an answer.
    public var pValue: Double?
    /// Nil without an answer.
    public var effect: Double?
    /// What the test's answer is compared with.
    public var threshold: Double
    /// Whether the verdict is `drifted`.
    public var drifted: Bool
    /// The answer.
    public var verdict: ColumnResult.Verdict
    /// Why there is no answer.
    public var reason: String?

    /// As `kedge compare -o json` prints it.
    public var json: JSON {
      JSON([
        ("test", .string(test)), ("columns", JSON(columns)), ("statistic", JSON(statistic)), ("p_value", JSON(pValue)), ("effect", JSON(effect)),
        ("threshold", JSON(threshold)), ("drifted", .bool(drifted)), ("verdict", .string(verdict.rawValue)), ("skipped", reason.map { .string($0) }),
      ])
    }
  }

  /// Of each side.
  public var rows: Rows
  /// The verdict over all columns.
  public var drift: Drift
  /// How the columns differ as such.
  public var schema: Schema
  /// Columns with a quality finding, in the reference's order.
  public var qualityColumns: [String]
  /// Nil unless a test of all columns together was asked for.
  public var multivariate: Multivariate?
  /// One a column of the reference, in its order; then the excluded ones are not among them.
  public var columns: [ColumnResult]
  /// What is wrong with columns that were set aside; their verdict is `skipped`. The cells that it quotes are data.
  public var damaged: [TableError] = []

  /// The column of that name.
  public subscript(name: String) -> ColumnResult? { columns.first { $0.name == name } }

  /// As `kedge compare -o json` prints it.
  public var json: JSON {
    JSON([
      ("rows", ["reference": .integer(Int64(rows.reference)), "current": .integer(Int64(rows.current))]),
      (
        "drift",
        [
          "detected": .bool(drift.detected), "share": JSON(drift.share), "threshold": JSON(drift.threshold),
          "drifted_columns": JSON(drift.driftedColumns),
        ]
      ), ("schema", ["missing": JSON(schema.missing), "new": JSON(schema.new), "type_changed": JSON(schema.typeChanged)]),
      ("quality_columns", JSON(qualityColumns)), ("multivariate", multivariate?.json), ("columns", .array(columns.map(\.json))),
      ("damaged", damaged.isEmpty ? JSON?.none : JSON(damaged.map(\.description))),
    ])
  }
}

/// What was found about one column.
public struct ColumnResult: Sendable, Hashable, Codable {
  /// The answer.
  public enum Verdict: String, Sendable, Hashable, Codable {
    case drifted, stable
    /// Too few values to tell.
    case inconclusive
    /// Not compared; `skipped` says why.
    case skipped
  }

  /// A further test reported beside the judging one.
  public struct Also: Sendable, Hashable, Codable {
    /// Its name, as users type it.
    public var test: String
    /// The test's own number; nil without an answer.
    public var statistic: Double?
    /// Nil without an answer, and for distances.
    public var pValue: Double?
    /// Why there is no number.
    public var reason: String?
  }

  /// The column's name.
  public var name: String
  /// What it was compared as.
  public var type: ColumnType
  /// The test's name; nil when none was run.
  public var test: String?
  /// The test's own number; nil without an answer.
  public var statistic: Double?
  /// Of the test, or of a distance's null.
  public var pValue: Double?
  /// What the threshold is compared with: a p-value, or a distance.
  public var score: Double?
  /// Adjusted over the columns of this comparison.
  public var pAdjusted: Double?
  /// The share of the mass that moved: KS distance for numbers and times, total variation distance for categories.
  public var effect: Double?
  /// By how much `effect`, and a KS statistic, may be off because a side is a profile; nil when both are data.
  public var errorBound: Double?
  /// What `score` is compared with: the column's own, else the test's; nil when none was run.
  public var threshold: Double?
  /// Whether the verdict is `drifted`.
  public var drifted: Bool
  /// The answer.
  public var verdict: Verdict
  /// Why it was not compared, or has no answer.
  public var skipped: String?
  /// In the order asked for; without those that do not fit, and the judging one.
  public var also: [Also]
  /// What is wrong with the current values as such.
  public var quality: ColumnQuality
  /// The reference's side of it.
  public var reference: ColumnSummary?
  /// The current side of it.
  public var current: ColumnSummary?

  /// As `kedge compare -o json` prints it.
  public var json: JSON {
    JSON([
      ("name", .string(name)), ("type", .string(type.rawValue)), ("test", JSON(test)), ("statistic", JSON(statistic)), ("p_value", JSON(pValue)),
      ("score", JSON(score)), ("p_adjusted", JSON(pAdjusted)), ("effect", JSON(effect)), ("error_bound", errorBound.map { JSON($0) }),
      ("threshold", JSON(threshold)), ("drifted", .bool(drifted)), ("verdict", .string(verdict.rawValue)), ("skipped", skipped.map { .string($0) }),
      (
        "also",
        also.isEmpty
          ? nil
          : .array(also.map { ["test": .string($0.test), "statistic": JSON($0.statistic), "p_value": JSON($0.pValue), "reason": JSON($0.reason)] })
      ),
      ("quality", quality.json), ("reference", reference?.json), ("current", current?.json),
    ])
  }
}
