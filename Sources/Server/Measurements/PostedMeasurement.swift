internal import Crypto
internal import Foundation
internal import Lifecycle
internal import Values

/// A measurement as it is posted: what a measurer would have recorded, with all that can be worked out left out.
struct PostedMeasurement: Sendable, Decodable {
  struct Window: Sendable, Decodable {
    var id: String?
    var startAt: Timestamp?
    var endAt: Timestamp
    var source: String?
  }

  struct Drift: Sendable, Decodable {
    var detected: Bool
    var share: Double?
    var driftedColumns: [String]?
  }

  struct Column: Sendable, Decodable {
    var name: String
    var test: String?
    var score: Double?
    var statistic: Double?
    var pValue: Double?
    var pAdjusted: Double?
    var effect: Double?
    var threshold: Double?
    var drifted: Bool?
    var verdict: String?
    var missing: Double?
  }

  struct Arm: Sendable, Decodable {
    var rows: Int
    var metrics: [String: Double?]?
    var intervals: [String: [Double]]?
  }

  var monitor: String
  var window: Window
  var part: String?
  var rows: Int
  var drift: Drift?
  var columns: [Column]?
  var schemaChanges: [String]?
  var metrics: [String: Double?]?
  var intervals: [String: [Double]]?
  var byVersion: [String: Arm]?
  var idempotencyKey: String?

  /// The keys of each object; others are mistakes.
  private static let keys: [(path: String, keys: Set<String>)] = [
    (
      "",
      [
        "monitor", "window", "part", "rows", "drift", "columns", "schema_changes", "metrics", "intervals", "by_version", "evidently", "whylogs",
        "idempotency_key",
      ]
    ),
    ("window", ["id", "start_at", "end_at", "source"]), ("drift", ["detected", "share", "drifted_columns"]),
  ]
  private static let columnKeys: Set<String> = [
    "name", "test", "score", "statistic", "p_value", "p_adjusted", "effect", "threshold", "drifted", "verdict", "missing",
  ]
  private static let verdicts = ["drifted", "stable", "inconclusive", "skipped"]
  /// More names would be no metrics but data.
  private static let mostMetrics = 200
  private static let mostColumns = 10_000

  /// Reads one measurement.
  /// - Parameter place: what errors call it, e.g. `measurement 3`.
  /// - Throws: `Refusal` that names the field.
  init(_ json: JSON, place: String) throws(Refusal) {
    func refuse(_ what: String) -> Refusal { .invalid("\(place): \(what)") }
    guard json.object != nil else { throw refuse("expected an object") }
    for (path, keys) in PostedMeasurement.keys {
      let object = path.isEmpty ? json : json[path] ?? [:]
      if let stray = object.object?.members.first(where: { !keys.contains($0.key) }) {
        throw refuse("\(path.isEmpty ? "" : path + ".")\(stray.key): there is no such key; expected \(keys.sorted().joined(separator: ", "))")
      }
    }
    for (index, column) in (json["columns"]?.array ?? []).enumerated() {
      if let stray = column.object?.members.first(where: { !PostedMeasurement.columnKeys.contains($0.key) }) {
        throw refuse("columns[\(index)].\(stray.key): there is no such key; expected \(PostedMeasurement.columnKeys.sorted().joined(separator: ", "))")
      }
    }
    do {
      self = try json.decode()
    } catch let error as DecodingError {
      throw refuse(error.summary)
    } catch {
      throw refuse("\(error)")
    }
    if json["evidently"] != nil || json["whylogs"] != nil {
      guard columns == nil, drift == nil, json["evidently"] == nil || json["whylogs"] == nil else {
        throw refuse("say what drifted once: as columns and drift, as an Evidently report, or as whylogs' scores")
      }
      if let report = json["evidently"] { (columns, drift) = try ForeignReport.evidently(report, place) }
      if let scores = json["whylogs"] { columns = try ForeignReport.whylogs(scores, place) }
    }
    if let problem { throw refuse(problem) }
  }

  /// What is wrong with the values.
  private var problem: String? {
    if rows < 0 { return "rows: \(rows) is negative" }
    if let start = window.startAt, start > window.endAt { return "window: it ends before it begins" }
    if let id = window.id, UUID(uuidString: id) == nil { return "window.id: \"\(id)\" is no UUID" }
    if let part, Part(rawValue: part) == nil { return "part: expected input or quality" }
    if part == nil, drift == nil, columns == nil { return "part: expected input or quality, which rules on these metrics look at" }
    if part == Part.quality.rawValue, drift != nil || columns?.isEmpty == false { return "part: quality has no drift and no columns; post them as input" }
    if let share = drift?.share, !(0...1).contains(share) { return "drift.share: \(share) is not between 0 and 1" }
    if (columns?.count ?? 0) > PostedMeasurement.mostColumns { return "columns: more than \(PostedMeasurement.mostColumns)" }
    if let key = idempotencyKey, key.isEmpty || key.utf8.count > 1000 { return "idempotency_key: expected 1 to 1000 bytes" }
    if (metrics?.count ?? 0) > PostedMeasurement.mostMetrics { return "metrics: more than \(PostedMeasurement.mostMetrics)" }
    for name in Array(metrics?.keys ?? [:].keys) + Array(byVersion?.values.flatMap { Array($0.metrics?.keys ?? [:].keys) } ?? []) {
      if name.isEmpty || name.utf8.count > 100 { return "metrics: a name has 1 to 100 bytes" }
    }
    if let name = intervals?.first(where: { $0.value.count != 2 })?.key { return "intervals.\(name): expected [low, high]" }
    var names: Set<String> = []
    for (index, column) in (columns ?? []).enumerated() {
      if column.name.isEmpty || !names.insert(column.name).inserted { return "columns[\(index)].name: expected a name, and each only once" }
      if let verdict = column.verdict, !PostedMeasurement.verdicts.contains(verdict) {
        return "columns[\(index)].verdict: expected \(PostedMeasurement.verdicts.joined(separator: ", "))"
      }
      if column.verdict == nil, column.drifted == nil { return "columns[\(index)]: say whether it drifted: \"drifted\": true or false, or a \"verdict\"" }
    }
    return nil
  }

  /// As a measurer records it.
  /// - Parameter driftShare: from which share of drifted columns on a window has drifted; nil: from one column on.
  func measurement(driftShare: Double?) -> MeasurementRecorded {
    let columns = (columns ?? []).map { column in
      ColumnMeasurement(
        name: column.name, test: column.test, score: column.score, statistic: column.statistic, pValue: column.pValue, pAdjusted: column.pAdjusted,
        effect: column.effect, threshold: column.threshold, verdict: column.verdict ?? (column.drifted == true ? "drifted" : "stable"),
        missing: column.missing)
    }
    let part = part.flatMap { Part(rawValue: $0) } ?? .input
    return MeasurementRecorded(
      window: reference, part: part, rows: rows, drift: part == .input ? verdict(columns, driftShare) : nil, schemaChanges: schemaChanges ?? [],
      columns: columns, metrics: PostedMeasurement.present(metrics), intervals: intervals ?? [:],
      byVersion: (byVersion ?? [:]).mapValues {
        ArmMeasurement(rows: $0.rows, metrics: PostedMeasurement.present($0.metrics), intervals: $0.intervals ?? [:])
      }, late: false, inconclusive: false)
  }

  /// The verdict that was posted; what it leaves out follows from the columns.
  private func verdict(_ columns: [ColumnMeasurement], _ driftShare: Double?) -> DriftVerdict? {
    let drifted = columns.filter { $0.verdict == "drifted" }.map(\.name)
    let compared = columns.count { $0.verdict == "drifted" || $0.verdict == "stable" }
    let share = compared == 0 ? nil : Double(drifted.count) / Double(compared)
    guard let drift else {
      guard !columns.isEmpty else { return nil }
      let detected = driftShare.map { (share ?? 0) >= $0 && compared > 0 } ?? !drifted.isEmpty
      return DriftVerdict(detected: detected, share: share, driftedColumns: drifted)
    }
    return DriftVerdict(detected: drift.detected, share: drift.share ?? share, driftedColumns: drift.driftedColumns ?? drifted)
  }

  /// The window; without an id of its own it is told by its monitor, source and ends.
  private var reference: WindowReference {
    let (start, source) = (window.startAt ?? window.endAt, window.source ?? "posted")
    let id =
      window.id.flatMap { UUID(uuidString: $0) }
      ?? UUID(namespace: PostedMeasurement.namespace, name: "\(monitor)\n\(source)\n\(start)\n\(window.endAt)")
    return WindowReference(id: WindowID(id), startAt: start, endAt: window.endAt, source: source)
  }

  /// Of the windows that are posted without an id.
  private static let namespace = UUID(uuidString: "0c6f2a5e-6f0b-5d39-9d0e-6a1c1f6c2b11")!

  private static func present(_ values: [String: Double?]?) -> [String: Double] { (values ?? [:]).compactMapValues { $0 } }
}
