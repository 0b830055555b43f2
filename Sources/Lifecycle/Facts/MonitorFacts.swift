public import Foundation
public import Values

/// Which half of a window is measured: what came in, or how good the answers were.
public enum Part: String, Codable, Hashable, Sendable, CaseIterable {
  case input, quality
}

/// A monitor's reference data was fixed.
public struct BaselinePinned: Codable, Equatable, Sendable {
  /// Absolute path of the file.
  public var path: String
  /// SHA-256 of its content, lower-case hex.
  public var sha256: String
  /// Data rows.
  public var rows: Int
  /// SHA-256 of the profile that takes its place, kept beside the log; nil: the file is read.
  public var profile: String?

  /// Takes the values as they are; nothing is checked.
  public init(path: String, sha256: String, rows: Int, profile: String? = nil) {
    self.path = path
    self.sha256 = sha256
    self.rows = rows
    self.profile = profile
  }
}

/// New data to measure.
public struct WindowFound: Codable, Equatable, Sendable {
  /// Derived from what was found, so that the same file gives the same window.
  public var window: WindowID
  /// Absolute path of the file or directory; of a query `sql:FROM/TO`.
  public var source: String
  /// Bytes; of a query 0.
  public var size: Int
  /// SHA-256 of the content, of a query that of its text and window; lower-case hex.
  public var checksum: String
  /// First and last value of the time column; without one both are the file's modification time.
  public var startAt: Timestamp
  /// Last value of the time column; see `startAt`.
  public var endAt: Timestamp

  /// Takes the values as they are; nothing is checked.
  public init(window: WindowID, source: String, size: Int, checksum: String, startAt: Timestamp, endAt: Timestamp) {
    self.window = window
    self.source = source
    self.size = size
    self.checksum = checksum
    self.startAt = startAt
    self.endAt = endAt
  }
}

/// A file of labels came.
public struct LabelsFound: Codable, Equatable, Sendable {
  /// Absolute path of the file.
  public var source: String
  /// Bytes.
  public var size: Int
  /// SHA-256 of the content, lower-case hex.
  public var checksum: String

  /// Takes the values as they are; nothing is checked.
  public init(source: String, size: Int, checksum: String) {
    self.source = source
    self.size = size
    self.checksum = checksum
  }
}

/// A file of labels was joined by id with the windows that it is about; each has a measurement of its quality beside this event.
public struct LabelsJoined: Codable, Equatable, Sendable {
  /// Absolute path of the file of labels.
  public var source: String
  /// Its checksum.
  public var checksum: String
  /// The windows in which a label of the file was found.
  public var windows: [WindowID]
  /// Labels whose rows are in no window yet.
  public var unmatched: Int
  /// Why nothing could be joined: file, line and column.
  public var failure: String?

  /// Takes the values as they are; nothing is checked.
  public init(source: String, checksum: String, windows: [WindowID], unmatched: Int = 0, failure: String? = nil) {
    self.source = source
    self.checksum = checksum
    self.windows = windows
    self.unmatched = unmatched
    self.failure = failure
  }
}

/// A window as a measurement cites it.
public struct WindowReference: Codable, Equatable, Sendable {
  /// The window's own id.
  public var id: WindowID
  /// First value of the time column, or the file's modification time.
  public var startAt: Timestamp
  /// Last value of the time column, or the file's modification time.
  public var endAt: Timestamp
  /// Absolute path of the file.
  public var source: String

  /// Takes the values as they are; nothing is checked.
  public init(id: WindowID, startAt: Timestamp, endAt: Timestamp, source: String) {
    self.id = id
    self.startAt = startAt
    self.endAt = endAt
    self.source = source
  }
}

/// Whether a window drifted from the reference.
public struct DriftVerdict: Codable, Equatable, Sendable {
  /// Whether enough columns drifted, by the monitor's own rule.
  public var detected: Bool
  /// Drifted columns over compared columns; nil when none could be compared.
  public var share: Double?
  /// Their names, in the reference's order.
  public var driftedColumns: [String]

  /// Takes the values as they are; nothing is checked.
  public init(detected: Bool, share: Double?, driftedColumns: [String]) {
    self.detected = detected
    self.share = share
    self.driftedColumns = driftedColumns
  }
}

/// What a test said of one column.
public struct ColumnMeasurement: Codable, Equatable, Sendable {
  /// The column's name.
  public var name: String
  /// The test's name; nil when none was run.
  public var test: String?
  /// What the threshold is compared with: a p-value or a distance. Nil when not computable.
  public var score: Double?
  /// The test's own number; nil when not computable.
  public var statistic: Double?
  /// Nil for a distance without a p-value.
  public var pValue: Double?
  /// The p-value, adjusted over the window's columns; nil when there is none to adjust.
  public var pAdjusted: Double?
  /// The share of the mass that moved, 0...1; nil when not computable.
  public var effect: Double?
  /// What the score is compared with; nil when no test was run.
  public var threshold: Double?
  /// `drifted`, `stable`, `inconclusive` or `skipped`.
  public var verdict: String
  /// Share of rows without a value in the window.
  public var missing: Double?
  /// Of the few columns that drifted furthest; nil for the others.
  public var histogram: ColumnHistogram?

  /// Takes the values as they are; nothing is checked.
  public init(
    name: String, test: String?, score: Double?, statistic: Double? = nil, pValue: Double? = nil, pAdjusted: Double?, effect: Double?,
    threshold: Double?, verdict: String, missing: Double?, histogram: ColumnHistogram? = nil
  ) {
    self.name = name
    self.test = test
    self.score = score
    self.statistic = statistic
    self.pValue = pValue
    self.pAdjusted = pAdjusted
    self.effect = effect
    self.threshold = threshold
    self.verdict = verdict
    self.missing = missing
    self.histogram = histogram
  }
}

/// A column's values in the reference and in a window, laid over each other: enough for a picture in a message.
public struct ColumnHistogram: Codable, Hashable, Sendable {
  /// Of bins of equal width, one more than there are bins; nil for categories.
  public var edges: [Double]?
  /// Whether the edges are times, in seconds since 1970; nil when they are not.
  public var areTimes: Bool?
  /// The most frequent categories; nil for numbers.
  public var categories: [String]?
  /// Share of the reference's values in each bin or category, 0...1, to four digits.
  public var reference: [Double]
  /// Share of the window's values there.
  public var current: [Double]

  /// Most bins or categories.
  public static let most = 20

  /// Takes the values as they are; nothing is checked.
  public init(edges: [Double]? = nil, areTimes: Bool? = nil, categories: [String]? = nil, reference: [Double], current: [Double]) {
    self.edges = edges
    self.areTimes = areTimes
    self.categories = categories
    self.reference = reference
    self.current = current
  }
}

/// Figures of one version's rows in a window.
public struct ArmMeasurement: Codable, Equatable, Sendable {
  /// Rows that count: labelled ones for quality.
  public var rows: Int
  /// By name; without those that cannot be computed.
  public var metrics: [String: Double]
  /// 95 % confidence intervals: low and high.
  public var intervals: [String: [Double]]

  /// Takes the values as they are; nothing is checked.
  public init(rows: Int, metrics: [String: Double], intervals: [String: [Double]]) {
    self.rows = rows
    self.metrics = metrics
    self.intervals = intervals
  }
}

/// A window was measured.
public struct MeasurementRecorded: Codable, Equatable, Sendable {
  /// What was measured.
  public var window: WindowReference
  /// Which half of it.
  public var part: Part
  /// Rows that count: all of the window for input, the labelled ones for quality.
  public var rows: Int
  /// Nil for quality.
  public var drift: DriftVerdict?
  /// Columns missing, new, or of another type than in the reference.
  public var schemaChanges: [String]
  /// What the tests said, one a column of the reference; empty for quality.
  public var columns: [ColumnMeasurement]
  /// By name; without those that cannot be computed.
  public var metrics: [String: Double]
  /// 95 % confidence intervals: low and high.
  public var intervals: [String: [Double]]
  /// By version of the model, for windows whose rows tell which one answered; else empty.
  public var byVersion: [String: ArmMeasurement]
  /// Found after a later window had been counted: it is shown and changes no alert.
  public var late: Bool
  /// Too few rows for a verdict.
  public var inconclusive: Bool
  /// Of an input measurement: rows whose labels were there already.
  public var labelled: Int
  /// Further causes, beside the one that the event itself names: where labels made it happen, that the window was found.
  public var because: [UUID]?
  /// What the window says of the model; nil where nothing can be said.
  public var modelDrift: ModelDrift?
  /// The largest groups of rows, by size; nil without a group column.
  public var segments: [SegmentMeasurement]?
  /// What a test of all columns together said; nil where there is none.
  public var together: TogetherMeasurement?
  /// SHA-256 of the window's profile, kept beside the log; nil of quality, and of what others measured.
  public var sketch: String?

  /// Takes the values as they are; nothing is checked.
  public init(
    window: WindowReference, part: Part, rows: Int, drift: DriftVerdict?, schemaChanges: [String] = [], columns: [ColumnMeasurement],
    metrics: [String: Double], intervals: [String: [Double]] = [:], byVersion: [String: ArmMeasurement] = [:], late: Bool, inconclusive: Bool,
    labelled: Int = 0, because: [UUID]? = nil, modelDrift: ModelDrift? = nil, segments: [SegmentMeasurement]? = nil, together: TogetherMeasurement? = nil,
    sketch: String? = nil
  ) {
    self.window = window
    self.part = part
    self.rows = rows
    self.drift = drift
    self.schemaChanges = schemaChanges
    self.columns = columns
    self.metrics = metrics
    self.intervals = intervals
    self.byVersion = byVersion
    self.late = late
    self.inconclusive = inconclusive
    self.labelled = labelled
    self.because = because
    self.modelDrift = modelDrift
    self.segments = segments
    self.together = together
    self.sketch = sketch
  }
}

/// A window could not be measured; the other windows go on.
public struct MeasurementFailed: Codable, Equatable, Sendable {
  /// What could not be measured.
  public var window: WindowReference
  /// Which half of it.
  public var part: Part
  /// File, line, column and what was expected there.
  public var reason: String

  /// Takes the values as they are; nothing is checked.
  public init(window: WindowReference, part: Part, reason: String) {
    self.window = window
    self.part = part
    self.reason = reason
  }
}
