public import Statistics
public import Values

/// What a monitor has recorded so far, window by window.
public struct MeasurementHistory: Sendable {
  /// What was found about a column in a window.
  public struct Column: Sendable {
    /// The share of its mass that had moved; nil without an answer.
    public var effect: Double?
    /// Whether it had drifted.
    public var drifted: Bool
  }

  /// A window's drift.
  public struct Input: Sendable {
    /// Where the window ends.
    public var endAt: Timestamp
    /// Share of drifted columns; nil when none could be judged.
    public var share: Double?
    /// Whether the data had drifted.
    public var detected: Bool
    /// By name.
    public var columns: [String: Column]
  }

  /// How right the predictions of a window were.
  public struct Quality: Sendable {
    /// Where the window ends.
    public var endAt: Timestamp
    /// With its interval; without one both ends are the value.
    public var estimate: Estimate
  }

  /// In order of their ends.
  public var inputs: [Input]
  /// In order of their ends.
  public var qualities: [Quality]
  /// Of `qualities`: accuracy, or mean absolute error.
  public var metric: QualityMetric

  /// Older windows than the latest so many are not shown.
  public static let mostWindows = 100

  /// Reads what `kedge get measurements MONITOR -o json` printed. Measurements that failed or were made again are left out.
  /// - Returns: nil when it is no such list.
  public init?(json: JSON) {
    guard let items = json["items"]?.array else { return nil }
    var inputs: [Input] = []
    var qualities: [(metric: QualityMetric, quality: Quality)] = []
    for item in items {
      guard let endAt = item["window"]?["end_at"]?.string.flatMap({ Timestamp($0) }), let part = item["part"]?.string else { return nil }
      guard item["superseded"]?.bool != true, item["failure"]?.string == nil else { continue }
      if part == "input", let drift = item["drift"], !drift.isNull {
        var columns: [String: Column] = [:]
        for column in item["columns"]?.array ?? [] {
          guard let name = column["name"]?.string else { continue }
          columns[name] = Column(effect: column["effect"]?.double, drifted: column["verdict"]?.string == "drifted")
        }
        inputs.append(Input(endAt: endAt, share: drift["share"]?.double, detected: drift["detected"]?.bool ?? false, columns: columns))
      }
      if part == "quality" {
        for metric in [QualityMetric.accuracy, .mae] {
          guard let value = item["metrics"]?[metric.rawValue]?.double else { continue }
          let interval = item["intervals"]?[metric.rawValue]?.array?.compactMap(\.double) ?? []
          let estimate = Estimate(value: value, low: interval.count == 2 ? interval[0] : value, high: interval.count == 2 ? interval[1] : value)
          qualities.append((metric, Quality(endAt: endAt, estimate: estimate)))
          break
        }
      }
    }
    metric = qualities.last?.metric ?? .accuracy
    self.inputs = inputs.sorted { $0.endAt < $1.endAt }.suffix(MeasurementHistory.mostWindows)
    self.qualities = qualities.filter { [metric] in $0.metric == metric }.map(\.quality).sorted { $0.endAt < $1.endAt }.suffix(MeasurementHistory.mostWindows)
  }

  /// For reports as JSON.
  public var json: JSON {
    [
      "drift": .array(
        inputs.map { ["end_at": JSON($0.endAt), "share": JSON($0.share), "detected": .bool($0.detected)] }),
      .init(metric.rawValue): .array(
        qualities.map { ["end_at": JSON($0.endAt), "value": JSON($0.estimate.value), "low": JSON($0.estimate.low), "high": JSON($0.estimate.high)] }),
    ]
  }

  /// One column's windows, for reports as JSON; nil when it has none.
  func json(of column: String) -> JSON? {
    let windows = inputs.compactMap { window in window.columns[column].map { (window.endAt, $0) } }
    guard !windows.isEmpty else { return nil }
    return .array(windows.map { ["end_at": JSON($0), "effect": JSON($1.effect), "drifted": .bool($1.drifted)] })
  }
}
