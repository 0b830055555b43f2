/// What is watched of a model: where its windows come from, what they are compared with, and how.
public struct MonitorSpecification: Hashable, Codable, Sendable {
  /// Unique among monitors.
  public var name: String
  /// The model whose data this is.
  public var model: String
  /// What windows are compared with; nil until one is pinned with `kedge baseline pin`.
  public var baseline: Baseline?
  /// Where its data come from.
  public var window: MonitorWindow
  /// Which columns play which part.
  public var columns: MonitorColumns
  /// What decides about drift.
  public var tests: MonitorTests

  /// Takes the values as they are; nothing is checked.
  public init(
    name: String, model: String, baseline: Baseline? = nil, window: MonitorWindow, columns: MonitorColumns = .init(), tests: MonitorTests = .init()
  ) {
    self.name = name
    self.model = model
    self.baseline = baseline
    self.window = window
    self.columns = columns
    self.tests = tests
  }

  /// Whether labels come later: in files, or posted beside predictions that are.
  public var joinsLabels: Bool { window.labels != nil || window.source == .predictions && columns.label != nil }

  /// The reference data.
  public enum Baseline: Hashable, Sendable {
    /// A data file, by its absolute path or its URL.
    case file(String)
    /// The rows of a query.
    case sql(SQLSource)
    /// What the trainer of a registered version left as its baseline: the version's name, or an alias of the model, which may move.
    case version(String)
  }
}

/// A query against a database named by a credential.
public struct SQLSource: Hashable, Codable, Sendable {
  /// Where the connection string is found.
  public var connection: CredentialReference
  /// The statement; in a window's query `:from` and `:to` are the window's ends.
  public var query: String

  /// Takes the values as they are; nothing is checked.
  public init(connection: CredentialReference, query: String) {
    self.connection = connection
    self.query = query
  }
}

/// Where windows come from and when they count.
public struct MonitorWindow: Hashable, Sendable {
  /// The source of the rows.
  public enum Source: Hashable, Sendable {
    /// Files that match an absolute glob or one of an `s3://` bucket, or one behind `https://`; each new file is a window.
    case files(String)
    /// A query per window.
    case sql(SQLSource)
    /// What was posted to `/v1/predictions`.
    case predictions
    /// Nothing is measured here: others measure, and post it to `/v1/measurements`.
    case measurements
  }

  /// Where the rows are.
  public var source: Source
  /// The glob of the files with labels that come later, as that of windows; nil when there are none.
  public var labels: String?
  /// How often the source is looked at, and for sources without files the length of a window.
  public var every: Span
  /// A window with fewer rows is inconclusive; at least 1.
  public var minimumRows: Int

  /// Takes the values as they are; nothing is checked.
  public init(source: Source, labels: String? = nil, every: Span = .hours(1), minimumRows: Int = 100) {
    self.source = source
    self.labels = labels
    self.every = every
    self.minimumRows = minimumRows
  }
}

/// The parts that columns of a window play. Whatever plays none is an input and is tested for drift.
public struct MonitorColumns: Hashable, Codable, Sendable {
  /// Joins rows with labels that come later.
  public var id: String?
  /// The version of the model that answered the row.
  public var version: String?
  /// When the row was.
  public var time: String?
  /// What the model predicted.
  public var prediction: String?
  /// The probability of the positive class.
  public var probability: String?
  /// What was true.
  public var label: String?
  /// The group for fairness and segments.
  public var group: String?
  /// Columns that are never looked at.
  public var exclude: [String]

  /// Takes the values as they are; nothing is checked.
  public init(
    id: String? = nil, version: String? = nil, time: String? = nil, prediction: String? = nil, probability: String? = nil, label: String? = nil,
    group: String? = nil, exclude: [String] = []
  ) {
    self.id = id
    self.version = version
    self.time = time
    self.prediction = prediction
    self.probability = probability
    self.label = label
    self.group = group
    self.exclude = exclude
  }

  /// The columns that are never drift inputs and may be absent on either side: id, version, time, label and what is excluded.
  public var neverInputs: Set<String> { Set([id, version, time, label].compactMap { $0 } + exclude) }

  /// The columns that are compared only where both sides have them: prediction and probability.
  public var comparedWherePresent: Set<String> { Set([prediction, probability].compactMap { $0 }) }
}

/// Which tests decide about drift.
public struct MonitorTests: Hashable, Codable, Sendable {
  /// How p-values of one window's columns are adjusted.
  public enum Correction: String, Hashable, Codable, Sendable, CaseIterable {
    case none, bonferroni, holm
    case benjaminiHochberg = "benjamini-hochberg"
    case benjaminiYekutieli = "benjamini-yekutieli"
  }

  /// A preset (`auto`, `evidently`) or one test for every column it fits.
  public var `default`: String
  /// The share of drifted columns from which the window has drifted; nil: the preset's own rule.
  public var driftShare: Double?
  /// Benjamini-Hochberg unless declared otherwise.
  public var correction: Correction
  /// What is chosen for single columns, by their names.
  public var columns: [String: ColumnTest]

  /// Takes the values as they are; nothing is checked.
  public init(
    default name: String = "auto", driftShare: Double? = nil, correction: Correction = .benjaminiHochberg, columns: [String: ColumnTest] = [:]
  ) {
    self.default = name
    self.driftShare = driftShare
    self.correction = correction
    self.columns = columns
  }
}

/// A test chosen for one column.
public struct ColumnTest: Hashable, Codable, Sendable {
  /// A test's name, as users type it: `ks`, `psi`, `evidently/psi` …
  public var test: String
  /// Nil: the test's own threshold.
  public var threshold: Double?

  /// Takes the values as they are; nothing is checked.
  public init(test: String, threshold: Double? = nil) {
    self.test = test
    self.threshold = threshold
  }
}

extension MonitorSpecification.Baseline: Codable {
  private enum Key: String, CodingKey { case file, sql, version }

  /// Reads one of `file`, `sql` and `version`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let path = try container.decodeIfPresent(String.self, forKey: .file) {
      self = .file(path)
    } else if let source = try container.decodeIfPresent(SQLSource.self, forKey: .sql) {
      self = .sql(source)
    } else {
      self = .version(try container.decode(String.self, forKey: .version))
    }
  }

  /// Writes one of `file`, `sql` and `version`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .file(let path): try container.encode(path, forKey: .file)
    case .sql(let source): try container.encode(source, forKey: .sql)
    case .version(let name): try container.encode(name, forKey: .version)
    }
  }
}

extension MonitorWindow: Codable {
  private enum Key: String, CodingKey { case files, sql, predictions, measurements, labels, every, minimumRows }
  private struct Labels: Codable { var files: String }

  /// Reads one of `files`, `sql`, `predictions: true` and `measurements: true`, then `labels`, `every` and `minimum_rows`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let glob = try container.decodeIfPresent(String.self, forKey: .files) {
      source = .files(glob)
    } else if let query = try container.decodeIfPresent(SQLSource.self, forKey: .sql) {
      source = .sql(query)
    } else if try container.decodeIfPresent(Bool.self, forKey: .measurements) == true {
      source = .measurements
    } else if try container.decode(Bool.self, forKey: .predictions) {
      source = .predictions
    } else {
      throw DecodingError.dataCorruptedError(forKey: .predictions, in: container, debugDescription: "expected true")
    }
    labels = try container.decodeIfPresent(Labels.self, forKey: .labels)?.files
    every = try container.decode(Span.self, forKey: .every)
    minimumRows = try container.decode(Int.self, forKey: .minimumRows)
  }

  /// Writes the source beside `labels`, `every` and the smallest number of rows.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch source {
    case .files(let glob): try container.encode(glob, forKey: .files)
    case .sql(let query): try container.encode(query, forKey: .sql)
    case .predictions: try container.encode(true, forKey: .predictions)
    case .measurements: try container.encode(true, forKey: .measurements)
    }
    try container.encodeIfPresent(labels.map(Labels.init), forKey: .labels)
    try container.encode(every, forKey: .every)
    try container.encode(minimumRows, forKey: .minimumRows)
  }
}
