extension MonitorState {
  /// What becomes of a measurement, whoever measured: it is late when a window that ends later was counted already, and inconclusive with
  /// fewer rows than the monitor asks for.
  /// - Throws: `Refusal` when there is no such monitor.
  public func record(_ measurement: MeasurementRecorded) throws(Refusal) -> Fact {
    guard let specification else { throw .unknown("there is no such monitor") }
    var measurement = measurement
    measurement.late = isLate(measurement.part, endAt: measurement.window.endAt)
    measurement.inconclusive = measurement.inconclusive || measurement.rows < specification.window.minimumRows
    return .measurementRecorded(measurement)
  }
}
