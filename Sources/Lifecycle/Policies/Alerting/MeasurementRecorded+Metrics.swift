internal import Values

extension MeasurementRecorded {
  /// The value of a metric; nil when this measurement does not have it, or it rests on too few rows.
  public func value(of metric: MetricName) -> Double? { metric.subject.flatMap { value(of: $0, series: nil) } }

  /// - Parameter series: what a star stands for.
  private func value(of subject: MetricName.Subject, series: String?) -> Double? {
    switch subject {
    case .rows: return Double(rows)
    case .missing(let name): return column(name, series)?.missing
    case .segment(let name, .rows): return segment(name, series).map { Double($0.rows) }
    case _ where inconclusive: return nil
    case .driftShare: return drift?.share
    case .driftedColumns: return drift.map { Double($0.driftedColumns.count) }
    case .column(let name, let field):
      guard let column = column(name, series) else { return nil }
      switch field {
      case .score: return column.score
      case .statistic: return column.statistic
      case .pValue: return column.pValue
      case .adjustedPValue: return column.pAdjusted
      case .effect: return column.effect
      }
    case .version(let name, let metric): return byVersion[name == "*" ? series ?? name : name]?.metrics[metric]
    case .prediction(let name), .quality(let name), .verdict(let name), .posted(let name): return metrics[name]
    case .health(let metric): return metrics[metric.rawValue]
    case .segment(let name, let field):
      guard let segment = segment(name, series), !segment.tooSmall else { return nil }
      switch field {
      case .rows: return Double(segment.rows)
      case .driftShare: return segment.drift?.share
      case .driftedColumns: return segment.drift.map { Double($0.driftedColumns.count) }
      case .metric(let metric): return segment.metrics[metric]
      }
    case .lateness: return nil
    }
  }

  private func column(_ name: String, _ series: String?) -> ColumnMeasurement? {
    let wanted = name == "*" ? series ?? name : name
    return columns.first { $0.name == wanted }
  }

  private func segment(_ name: String, _ series: String?) -> SegmentMeasurement? {
    let wanted = name == "*" ? series ?? name : name
    return segments?.first { $0.group == wanted }
  }

  /// The value that a part of a rule judges.
  /// - Parameter time: when it was measured.
  func value(of leaf: WatchedRule.Leaf, _ series: String?, at time: Timestamp) -> Double? {
    guard let subject = leaf.subject, leaf.isCarried(by: part) else { return nil }
    if case .lateness = subject { return (time - window.endAt).inSeconds }
    return value(of: subject, series: series)
  }
}
