import Telemetry
import Testing

@Suite struct MetricTextTests {
  private static let families: [MetricFamily] = {
    var spans = Histogram([0.1, 1])
    for value in [0.05, 0.1, 0.5, 7] { spans.observe(value) }
    return [
      MetricFamily("up", .gauge, "Whether \"it\" is\nup\\down.", [MetricSample(["path": "a\\b\"c\nd"], .number(1))]),
      MetricFamily("events", .counter, "Events.", [MetricSample([:], .number(3)), MetricSample(["type": "x"], .number(0.5))]),
      MetricFamily("span_seconds", .histogram, "Spans.", [MetricSample(["kind": "k"], .histogram(spans))]),
      MetricFamily("nothing", .gauge, "Without figures."),
    ]
  }()

  @Test func `Prometheus' text format names counters with their suffix`() {
    #expect(
      MetricText.prometheus.write(MetricTextTests.families) == #"""
        # HELP up Whether \"it\" is\nup\\down.
        # TYPE up gauge
        up{path="a\\b\"c\nd"} 1.0
        # HELP events_total Events.
        # TYPE events_total counter
        events_total 3.0
        events_total{type="x"} 0.5
        # HELP span_seconds Spans.
        # TYPE span_seconds histogram
        span_seconds_bucket{kind="k",le="0.1"} 2
        span_seconds_bucket{kind="k",le="1.0"} 3
        span_seconds_bucket{kind="k",le="+Inf"} 4
        span_seconds_sum{kind="k"} 7.65
        span_seconds_count{kind="k"} 4

        """#)
  }

  @Test func `OpenMetrics names families without it, has units, and an end`() {
    let text = MetricText.openMetrics.write(MetricTextTests.families)
    #expect(text.contains("# TYPE events counter\nevents_total 3.0\n"))
    #expect(text.contains("# TYPE span_seconds histogram\n# UNIT span_seconds seconds\n"))
    #expect(text.hasSuffix("\n# EOF\n"))
  }

  @Test(arguments: [
    (nil, MetricText.prometheus), ("*/*", .prometheus), ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .prometheus),
    ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5", .openMetrics),
  ])
  func `the format is what was asked for`(accept: String?, expected: MetricText) { #expect(MetricText(accept: accept) == expected) }

  @Test func `values that are no numbers are written as Go does`() {
    let family = MetricFamily(
      "x", .gauge, "X.", [.nan, .infinity, -.infinity, 1e-9].map { MetricSample([:], .number($0)) })
    #expect(MetricText.prometheus.write([family]).hasSuffix("x NaN\nx +Inf\nx -Inf\nx 1e-09\n"))
  }
}
