public import Statistics

/// How two tables are compared.
public struct ComparisonOptions: Sendable, Hashable {
  /// What chooses the test of a column that has none of its own.
  public enum Choice: Sendable, Hashable {
    /// Calibrated: KS for numbers and times, chi-squared for categories, a classifier for text; corrected over the columns, with a minimum effect.
    case auto
    /// As Evidently 0.7.23 chooses and judges.
    case evidently
    /// This one for every column that it fits; the others are skipped.
    case test(DriftTest)

    /// From a preset's or a test's name; nil when there is none.
    public init?(_ name: String) {
      switch name {
      case "auto": self = .auto
      case "evidently": self = .evidently
      default:
        guard let test = DriftTest(name) else { return nil }
        self = .test(test)
      }
    }

    /// As users type it.
    public var name: String {
      switch self {
      case .auto: "auto"
      case .evidently: "evidently"
      case .test(let test): test.name
      }
    }
  }

  /// A test chosen for one column.
  public struct ColumnTest: Sendable, Hashable {
    /// What judges the column.
    public var test: DriftTest
    /// Nil: the test's own.
    public var threshold: Double?

    /// Whether the test fits the column is only known when they are compared.
    public init(test: DriftTest, threshold: Double? = nil) {
      self.test = test
      self.threshold = threshold
    }

    /// From `NAME` or `NAME:THRESHOLD`; nil when it is neither.
    public init?(_ text: String) {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let test = DriftTest(String(parts[0])) else { return nil }
      if parts.count == 2 {
        guard let threshold = Double(parts[1]), threshold.isFinite else { return nil }
        self.init(test: test, threshold: threshold)
      } else {
        self.init(test: test)
      }
    }
  }

  /// For columns without a test of their own.
  public var choice: Choice
  /// By column name; they override `choice`.
  public var columnTests: [String: ColumnTest] = [:]
  /// Further tests of ours reported beside the judging one, where they fit.
  public var also: [DriftTest.Own] = []
  /// Columns that are not compared: identifiers, versions, times, what the user leaves out.
  public var exclude: Set<String> = []
  /// Columns compared as categories whatever they look like.
  public var categorical: Set<String> = []
  /// Columns compared only where both sides have them: prediction and probability.
  public var optional: Set<String> = []
  /// Nil: Benjamini-Hochberg, and none for `evidently`.
  public var correction: Correction?
  /// The share of drifted columns from which the data have drifted; nil: any one, and 0.5 for `evidently`.
  public var driftShare: Double?
  /// A significant column has drifted only if this share of its mass moved (KS or total variation distance).
  public var minimumEffect = 0.1
  /// With fewer values on either side a column is "inconclusive"; `evidently` ignores it.
  public var minimumRows = 30
  /// What becomes of a column of numbers with a cell that is none.
  public var damagedColumns = DamagedColumns.refused

  /// What becomes of a column that cannot be believed.
  public enum DamagedColumns: Sendable, Hashable {
    /// It is an error, and nothing is compared.
    case refused
    /// Its verdict is `skipped`, and `ComparisonResult.damaged` has the error; the others are compared.
    case setAside
  }

  /// Significance of p-values of ours, and of the null that a distance is judged with.
  public var significance = 0.05

  /// All else has the defaults above.
  public init(choice: Choice = .auto) { self.choice = choice }

  /// The correction that applies.
  public var effectiveCorrection: Correction { correction ?? (choice == .evidently ? .none : .benjaminiHochberg) }

  /// The share that applies; nil: any column.
  public var effectiveDriftShare: Double? { driftShare ?? (choice == .evidently ? 0.5 : nil) }
}
