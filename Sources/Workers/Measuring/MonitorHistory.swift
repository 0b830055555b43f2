internal import Lifecycle
internal import PostgreSQL
internal import Values

/// What a monitor has measured before, from the log itself: a read model may not have the newest yet.
struct MonitorHistory: Sendable {
  /// The figures of a measured window.
  struct Window: Sendable {
    let window: WindowID
    let source: String
    let endAt: Timestamp
    let metrics: [String: Double]
    let intervals: [String: [Double]]

    init(_ reference: WindowReference, _ metrics: [String: Double], _ intervals: [String: [Double]]) {
      window = reference.id
      source = reference.source
      endAt = reference.endAt
      self.metrics = metrics
      self.intervals = intervals
    }

    /// Of `select data -> 'window', data -> 'metrics', data -> 'intervals'`.
    init(_ row: Row) throws {
      let (window, metrics, intervals) = try row.decode(JSON.self, JSON.self, JSON.self)
      self.init(try window.decode(), try metrics.decode(), try intervals.decode())
    }
  }

  /// In the order of their ends, each window once.
  private(set) var input: [Window] = []
  private(set) var quality: [Window] = []
  /// The first one whose quality was measured on enough rows: what others are compared with where the reference says nothing of the model.
  private(set) var firstLabelled: Window?

  /// Nothing was measured.
  init() {}

  init(of stream: String, _ part: Part, _ database: any Queryable) async throws {
    // Some may have been measured more than once.
    let windows = try await database.query(
      """
      select data -> 'window', data -> 'metrics', data -> 'intervals' from kedge.event
      where stream = \(stream) and type = 'measurement_recorded' and data ->> 'part' = \(part.rawValue) and not (data ->> 'inconclusive')::boolean
      order by version desc limit \(2 * ModelDriftMeasuring.trendWindows)
      """
    ).map { try Window($0) }
    for window in windows.reversed() { take(window, part) }
    guard part == .quality, windows.count == 2 * ModelDriftMeasuring.trendWindows else { return }
    firstLabelled = try await database.query(
      """
      select data -> 'window', data -> 'metrics', data -> 'intervals' from kedge.event
      where stream = \(stream) and type = 'measurement_recorded' and data ->> 'part' = 'quality' and not (data ->> 'inconclusive')::boolean
      order by version limit 1
      """
    ).first.map { try Window($0) }
  }

  /// Takes in what was measured just now.
  mutating func note(_ measurement: MeasurementRecorded) {
    if !measurement.inconclusive { take(Window(measurement.window, measurement.metrics, measurement.intervals), measurement.part) }
  }

  private mutating func take(_ window: Window, _ part: Part) {
    func placed(_ list: [Window]) -> [Window] {
      let others = list.filter { $0.window != window.window }
      let place = others.firstIndex { $0.endAt > window.endAt } ?? others.count
      return others[..<place] + [window] + others[place...]
    }
    switch part {
    case .input: input = placed(input)
    case .quality:
      quality = placed(quality)
      if firstLabelled == nil { firstLabelled = window }
    }
  }
}
