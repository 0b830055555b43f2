import Foundation
import HTTPTransport
import Logging
import PostgreSQL
import Server
import StubServer
import Telemetry
import TestSupport
import Testing
import Values

@Suite struct FiguresTests {
  private static func reader(_ database: any Queryable, _ limits: MetricLimits = MetricLimits()) -> MetricReader {
    MetricReader(database, version: "1.2.3", limits: limits, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  @Test func `the figures of what has happened are right`() async throws {
    try await Served.with { served in
      try await served.fill()
      let text = try await served.get("/metrics").text
      for line in [
        #"kedge_build_info{version="1.2.3"} 1.0"#, "kedge_database_up 1.0", #"kedge_monitor_drift_share_ratio{monitor="live",model="churn"} 0.5"#,
        #"kedge_monitor_drift_detected{monitor="live",model="churn"} 1.0"#, #"kedge_monitor_rows{monitor="live",model="churn",part="quality"} 400.0"#,
        #"kedge_monitor_metric{monitor="live",model="churn",part="quality",metric="accuracy"} 0.9"#,
        #"kedge_monitor_metric{monitor="live",model="churn",part="input",metric="mean_confidence"} 0.8"#,
        #"kedge_version_metric{monitor="live",model="churn",version="churn/2",part="quality",metric="accuracy"} 0.89"#,
        #"kedge_column_drift_score{monitor="live",column="age",test="ks"} 0.001"#, #"kedge_column_drifted{monitor="live",column="plan \"A\"\\B\n"} 0.0"#,
        #"kedge_alerts{state="firing",severity="critical"} 1.0"#, #"kedge_alerts_unacknowledged{severity="critical"} 1.0"#,
        #"kedge_rule_alerts{rule="live-drift",monitor="live",endpoint="",severity="critical",state="firing"} 1.0"#,
        #"kedge_channel_messages_waiting{channel="slack"} 1.0"#, #"kedge_runs{state="requested"} 1.0"#,
        #"kedge_pipeline_runs_total{pipeline="retrain",model="churn",state="succeeded"} 2.0"#, #"kedge_deployments{state="awaiting_approval"} 1.0"#,
        #"kedge_model_versions{model="churn"} 2.0"#, #"kedge_model_champion_info{model="churn",version="churn/1"} 1.0"#,
        #"kedge_work{kind="notify",state="ready"} 1.0"#, #"kedge_workers{role="projector"} 1.0"#, #"kedge_workers{role="trainer"} 0.0"#,
        #"kedge_follower_halted_streams{follower="monitors"} 1.0"#, #"kedge_follower_parked_events{follower="monitors"} 3.0"#,
        #"kedge_follower_halted_streams{follower="alerts"} 0.0"#, #"kedge_events_total{type="measurement_recorded"} 6.0"#,
        #"kedge_events_total{type="run_failed"} 0.0"#, #"kedge_measuring_duration_seconds_count{outcome="recorded"} 6"#,
        #"kedge_run_duration_seconds_count{outcome="succeeded"} 2"#, #"kedge_deployment_duration_seconds_count{outcome="completed"} 1"#,
        #"kedge_alert_duration_seconds_count{outcome="resolved"} 1"#, #"kedge_message_delay_seconds_count{outcome="sent"} 1"#,
        #"kedge_follower_lag_events{follower="monitors"} 0.0"#, "kedge_log_unsealed_events 0.0", #"kedge_series_left_out{kind="columns"} 0.0"#,
      ] { #expect(text.contains(line + "\n"), "\(line)") }
    }
  }

  @Test func `every name is documented, and every documented name is there`() async throws {
    try await Served.with { served in
      try await served.fill()
      // A rule that lost its data has a figure of its own.
      try await served.database.client.query("update kedge.rule set no_data_since = clock_timestamp()")
      // Requests have figures once one was answered.
      _ = try await served.get("/metrics")
      let text = try await served.get("/metrics").text
      let served = Set(text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) })
      let documented = Set(try Ops.text("prometheus/METRICS.md").matches(of: /^\| `([a-z_0-9]+)/.anchorsMatchLineEndings()).map { String($0.1) })
      #expect(served.subtracting(documented).isEmpty)
      #expect(documented.subtracting(served).isEmpty)
    }
  }

  @Test func `counts of the log are the same whenever they begin to be read`() async throws {
    try await Served.with { served in
      let early = FiguresTests.reader(served.database.client)
      _ = await early.read()
      try await served.fill()
      try await Task.sleep(for: .seconds(1.1))
      func counts(_ families: [MetricFamily]) -> String {
        MetricText.prometheus.write(families.filter { $0.name == "kedge_events" || $0.kind == .histogram })
      }
      #expect(counts(await early.read()) == counts(await FiguresTests.reader(served.database.client).read()))
    }
  }

  @Test func `there are never more series than the limits say, and it says so`() async throws {
    try await Served.with { served in
      for name in ["a", "b", "c"] { try await served.declare(name) }
      let token = try await served.token(.operator)
      for name in ["a", "b", "c"] {
        let columns = (1...5).map { #"{"name": "c\#($0)", "score": 0.1, "drifted": false}"# }.joined(separator: ",")
        let answer = try await served.post(
          "/v1/measurements",
          #"{"monitor": "\#(name)", "window": {"end_at": "2026-01-01T00:00:00Z"}, "rows": 500, "columns": [\#(columns)], "metrics": {"x": 1, "y": 2, "z": 3}}"#,
          token: token)
        #expect(answer.status == 201)
      }
      try await served.follow()
      var limits = MetricLimits()
      (limits.monitors, limits.columnsOfMonitor, limits.metricsOfMonitor) = (2, 3, 2)
      let families = await FiguresTests.reader(served.database.client, limits).read()
      func count(_ name: String) -> Int? { families.first { $0.name == name }?.samples.count }
      #expect(count("kedge_monitor_rows") == 2)
      #expect(count("kedge_monitor_metric") == 4)
      #expect(count("kedge_column_drift_score") == 9)
      let text = MetricText.prometheus.write(families)
      #expect(text.contains(#"kedge_series_left_out{kind="monitors"} 1.0"#))
      #expect(text.contains(#"kedge_series_left_out{kind="columns"} 1.0"#))
      (limits.columns, limits.columnsOfMonitor) = (4, 100)
      let fewer = await FiguresTests.reader(served.database.client, limits).read()
      #expect(fewer.first { $0.name == "kedge_column_drift_score" }?.samples.count == 4)
    }
  }

  @Test func `a database that is away is a figure, not an error`() async throws {
    var options = PostgresOptions()
    options.waitForServer = .zero
    let client = PostgresClient(
      "postgresql:///kedge?host=/nonexistent/of/metrics", options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let text = MetricText.prometheus.write(await FiguresTests.reader(client).read())
    #expect(text.contains("kedge_database_up 0.0\n"))
    #expect(text.contains("process_resident_memory_bytes "))
    #expect(!text.contains("kedge_alerts"))
    await client.close()
  }

  @Test func `a real Pushgateway takes what is pushed`() async throws {
    try await Served.with { served in
      try await served.fill()
      let scratch = try Scratch()
      defer { scratch.remove() }
      let address = "127.0.0.1:\(Background.freePort())"
      let program = try Background("prometheus-pushgateway", "--web.listen-address=\(address)", in: scratch.url)
      defer { program.end() }
      #expect(try await eventually { (try? await served.http.send(HTTPRequest(.get, "http://\(address)/-/ready")).status) == 200 })
      let families = await FiguresTests.reader(served.database.client).read()
      for _ in 1...2 { try await MetricPush.gateway(url: "http://\(address)/", job: "a b").send(families, version: "1", at: .now(), through: served.http) }
      let kept = try await served.http.send(HTTPRequest(.get, "http://\(address)/metrics")).text
      #expect(kept.contains(#"kedge_alerts{instance="",job="a b",severity="critical",state="firing"} 1"#))
      #expect(kept.contains(#"kedge_run_duration_seconds_count{instance="",job="a b",outcome="succeeded"} 2"#))
      await #expect(throws: MetricPushError.self) {
        try await MetricPush.gateway(url: "http://\(address)/nowhere", job: "a").send(families, version: "1", at: .now(), through: served.http)
      }
    }
  }

  @Test func `what goes to a collector is an OTLP request by OpenTelemetry's own definition, and the text is OpenMetrics by its own parser`() async throws {
    let stub = try StubServer()
    try await Served.with { served in
      try await served.fill()
      let families = await FiguresTests.reader(served.database.client).read()
      try await MetricPush.otlp(url: stub.url + "/echo", headers: [("Authorization", "Bearer x")]).send(
        families, version: "1", at: .now(), through: served.http)
      let recorded = try JSON(parsing: try await served.http.send(HTTPRequest(.get, stub.url + "/_requests", maximumResponseBytes: 1 << 26)).text)
      let request = try #require(recorded.array?.last)
      #expect(request["path"] == "/echo/v1/metrics")
      let python = ProcessInfo.processInfo.environment["KEDGE_TEST_PYTHON"] ?? "python3"
      let check = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "check_metrics.py").path
      let (status, talk) = try Ops.run(python, [check, "otlp"], input: request["body"]?.string ?? "")
      #expect(status == 0, "\(talk)")
      let text = try await served.get("/metrics", accept: "application/openmetrics-text; version=1.0.0").text
      let (parsed, complaints) = try Ops.run(python, [check, "openmetrics"], input: text)
      #expect(parsed == 0, "\(complaints)")
    }
  }
}
