/// How figures are written for those who scrape them.
public enum MetricText: Sendable, CaseIterable {
  /// The text format 0.0.4 that Prometheus, its Pushgateway and `promtool check metrics` read.
  case prometheus
  /// OpenMetrics 1.0.
  case openMetrics

  /// The media type with which it is sent.
  public var mediaType: String {
    switch self {
    case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// The format that an `Accept` header asks for: OpenMetrics only where it is named.
  public init(accept: String?) { self = accept?.contains("application/openmetrics-text") == true ? .openMetrics : .prometheus }

  /// Writes families; those without figures are left out.
  public func write(_ families: [MetricFamily]) -> String {
    var text = ""
    for family in families where !family.samples.isEmpty {
      let total = family.kind == .counter ? family.name + "_total" : family.name
      let named = self == .openMetrics ? family.name : total
      text += "# HELP \(named) \(escape(family.help))\n# TYPE \(named) \(family.kind.rawValue)\n"
      if self == .openMetrics, let unit = family.unit { text += "# UNIT \(named) \(unit)\n" }
      for sample in family.samples {
        switch sample.value {
        case .number(let value): text += "\(total)\(labels(sample.labels)) \(number(value))\n"
        case .histogram(let histogram): write(histogram, family.name, sample.labels, to: &text)
        }
      }
    }
    return self == .openMetrics ? text + "# EOF\n" : text
  }

  private func write(_ histogram: Histogram, _ name: String, _ labels: [(name: String, value: String)], to text: inout String) {
    var cumulative: Int64 = 0
    for (bound, count) in zip(histogram.bounds.map { number($0) } + ["+Inf"], histogram.counts) {
      cumulative += count
      text += "\(name)_bucket\(self.labels(labels + [("le", bound)])) \(cumulative)\n"
    }
    text += "\(name)_sum\(self.labels(labels)) \(number(histogram.sum))\n\(name)_count\(self.labels(labels)) \(cumulative)\n"
  }

  private func labels(_ labels: [(name: String, value: String)]) -> String {
    labels.isEmpty ? "" : "{" + labels.map { "\($0.name)=\"\(escape($0.value))\"" }.joined(separator: ",") + "}"
  }

  private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value.description
  }

  private func escape(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n") }) else { return text }
    return text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
