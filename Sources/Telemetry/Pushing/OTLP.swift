internal import Values

/// Figures as OTLP's `ExportMetricsServiceRequest` in JSON.
///
/// - Source: opentelemetry-proto 1.x, `metrics/v1/metrics.proto`, and the JSON encoding of the OTLP specification: 64-bit numbers are strings.
enum OTLP {
  static func document(_ families: [MetricFamily], version: String, at time: Timestamp) -> JSON {
    [
      "resourceMetrics": [
        [
          "resource": ["attributes": attributes([("service.name", "kedge"), ("service.version", version)])],
          "scopeMetrics": [
            [
              "scope": ["name": "kedge", "version": .string(version)],
              "metrics": .array(families.filter { !$0.samples.isEmpty }.map { metric($0, at: time) }),
            ]
          ],
        ]
      ]
    ]
  }

  /// AGGREGATION_TEMPORALITY_CUMULATIVE: counts are those since the beginning of the log.
  private static let cumulative: JSON = 2

  private static func metric(_ family: MetricFamily, at time: Timestamp) -> JSON {
    let points = JSON.array(family.samples.compactMap { point($0, at: time) })
    let content: (String, JSON) =
      switch family.kind {
      case .gauge: ("gauge", ["dataPoints": points])
      case .counter: ("sum", ["dataPoints": points, "aggregationTemporality": cumulative, "isMonotonic": true])
      case .histogram: ("histogram", ["dataPoints": points, "aggregationTemporality": cumulative])
      }
    let unit = ["seconds": "s", "bytes": "By", "ratio": "1"][family.unit ?? ""]
    return JSON([("name", .string(family.name)), ("description", .string(family.help)), ("unit", unit.map { .string($0) }), content])
  }

  /// Nil for a number that JSON cannot hold.
  private static func point(_ sample: MetricSample, at time: Timestamp) -> JSON? {
    let head: [(String, JSON?)] = [("attributes", attributes(sample.labels)), ("timeUnixNano", .string("\(time.microseconds)000"))]
    switch sample.value {
    case .number(let value): return value.isFinite ? JSON(head + [("asDouble", .number(value))]) : nil
    case .histogram(let histogram):
      return JSON(
        head + [
          ("count", .string("\(histogram.count)")), ("sum", .number(histogram.sum)), ("bucketCounts", .array(histogram.counts.map { .string("\($0)") })),
          ("explicitBounds", .array(histogram.bounds.map { .number($0) })),
        ])
    }
  }

  private static func attributes(_ labels: [(name: String, value: String)]) -> JSON {
    .array(labels.map { ["key": .string($0.name), "value": ["stringValue": .string($0.value)]] })
  }
}
