/// How many series one reading may give at most, however much is declared: what is left out is said by `kedge_series_left_out`.
public struct MetricLimits: Sendable {
  /// Monitors with figures, in the order of their names.
  public var monitors = 10_000
  /// Columns with figures: of these monitors in their order, and in each in the order of its reference.
  public var columns = 10_000
  /// Columns of one monitor.
  public var columnsOfMonitor = 100
  /// Metrics of one monitor and part, by name.
  public var metricsOfMonitor = 32
  /// Versions that one window tells apart.
  public var versionsOfMonitor = 8
  /// Rules with open alerts, pipelines, endpoints, models and channels: so many of each.
  public var others = 2_000

  /// The limits above.
  public init() {}
}
