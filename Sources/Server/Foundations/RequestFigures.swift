internal import Synchronization
internal import Telemetry

/// Counts what this server has answered.
final class RequestFigures: Sendable {
  private struct Key: Hashable {
    let route: String
    let method: String
    let status: Int
  }

  private struct State {
    var counts: [Key: Int64] = [:]
    var durations: [String: Histogram] = [:]
  }

  private let state = Mutex(State())

  /// - Parameters:
  ///   - route: as it is declared, so that there are few.
  ///   - method: one of HTTP's own; others would make series without bound.
  func count(route: String?, method: String, status: Int, _ duration: Duration) {
    let route = route ?? "unknown"
    let method = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(method) ? method : "other"
    let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    state.withLock { state in
      state.counts[Key(route: route, method: method, status: status), default: 0] += 1
      state.durations[route, default: Histogram(Histogram.answers)].observe(seconds)
    }
  }

  var families: [MetricFamily] {
    let state = state.withLock { $0 }
    let counts = state.counts.sorted { ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status) }
    return [
      MetricFamily(
        "kedge_http_requests", .counter, "Requests that this server has answered.",
        counts.map { MetricSample(["route": $0.key.route, "method": $0.key.method, "status": "\($0.key.status)"], .number(Double($0.value))) }),
      MetricFamily(
        "kedge_http_request_duration_seconds", .histogram, "From reading a request to its answer; for a stream of events to its beginning.",
        state.durations.sorted { $0.key < $1.key }.map { MetricSample(["route": $0.key], .histogram($0.value)) }),
    ]
  }
}
