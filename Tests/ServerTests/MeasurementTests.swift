import Foundation
import HTTPTransport
import Lifecycle
import PostgreSQL
import Server
import TestSupport
import Testing
import Values

@Suite struct MeasurementTests {
  private static func body(_ hour: Int, drifted: Bool = true, rows: Int = 500, more: String = "") -> String {
    """
    {"monitor": "live", "window": {"start_at": "2026-11-23T0\(hour):00:00Z", "end_at": "2026-11-23T0\(hour):59:00Z"}, "rows": \(rows),
     "columns": [{"name": "age", "test": "ks", "score": 0.001, "drifted": \(drifted)}, {"name": "plan", "score": 0.4, "drifted": false}]\(more)}
    """
  }

  @Test func `what is posted raises the alerts that the same measurement of a measurer would`() async throws {
    try await Served.with { served in
      try await served.declare()
      try await served.declare("own")
      let token = try await served.token(.operator, "airflow")
      for hour in [1, 2] {
        let answer = try await served.post("/v1/measurements", MeasurementTests.body(hour), token: token)
        #expect(answer.status == 201)
        #expect(try answer.json.items.first?["drift"] == ["detected": true, "share": 0.5, "drifted_columns": ["age"]])
      }
      // The same facts, as a measurer appends them.
      for row in try await served.database.client.query(
        "select data from kedge.event where stream = 'monitor/live' and type = 'measurement_recorded' order by version")
      {
        let fact: MeasurementRecorded = try row.decode(JSON.self).decode()
        try await served.append([.measurementRecorded(fact)], "monitor/own")
      }
      try await served.follow()
      let alerts = try await served.database.client.query(
        "select monitor, state, value, condition, drifted_columns from kedge.alert order by monitor", as: String.self, String.self, Double.self, String.self,
        JSON.self)
      #expect(alerts.map(\.0) == ["live", "own"])
      for alert in alerts { #expect((alert.1, alert.2, alert.3, alert.4) == ("firing", 0.5, "drift.share at least 0.3", ["age"])) }
      let principal = try await served.database.client.query(
        "select distinct actor::text, principal::text from kedge.event where stream = 'monitor/live' and type = 'measurement_recorded'", as: String.self,
        String.self)
      #expect(principal.map(\.0) == ["airflow"])
      #expect(principal.map(\.1) == ["token:airflow"])
    }
  }

  @Test func `the same measurement sent again is appended once`() async throws {
    try await Served.with { served in
      try await served.declare()
      let token = try await served.token(.operator)
      let first = try await served.post("/v1/measurements", MeasurementTests.body(1), token: token)
      let again = try await served.post("/v1/measurements", MeasurementTests.body(1), token: token)
      #expect(again.status == 200)
      #expect(try again.json.items.first?["id"] == first.json.items.first?["id"])
      #expect(try again.json.items.first?["replayed"] == true)
      // A window that is measured again with another outcome is another event; under one key it is a mistake.
      #expect(try await served.post("/v1/measurements", MeasurementTests.body(1, drifted: false), token: token).status == 201)
      let keyed = { (rows: Int) in MeasurementTests.body(2, rows: rows, more: ", \"idempotency_key\": \"k\"") }
      #expect(try await served.post("/v1/measurements", keyed(500), token: token).status == 201)
      #expect(try await served.post("/v1/measurements", keyed(500), token: token).status == 200)
      let conflict = try await served.post("/v1/measurements", keyed(501), token: token)
      #expect(conflict.status == 409)
      #expect(try conflict.json["detail"]?.string?.contains("another measurement of live") == true)
      // Also once a later window was counted, which makes the first one late.
      #expect(try await served.post("/v1/measurements", MeasurementTests.body(1), token: token).status == 200)
      let count = try await served.database.client.query("select count(*) from kedge.event where type = 'measurement_recorded'", as: Int.self)
      #expect(count == [3])
    }
  }

  @Test func `late and inconclusive windows are told as a measurer tells them`() async throws {
    try await Served.with { served in
      try await served.declare(minimumRows: 100)
      let token = try await served.token(.operator)
      let answer = try await served.post(
        "/v1/measurements", "[\(MeasurementTests.body(3)), \(MeasurementTests.body(2)), \(MeasurementTests.body(4, rows: 99))]", token: token)
      #expect(try answer.json.items.map { $0["late"] } == [false, true, false])
      #expect(try answer.json.items.map { $0["inconclusive"] } == [false, false, true])
    }
  }

  @Test func `all of a request is taken, or nothing`() async throws {
    try await Served.with { served in
      try await served.declare()
      let token = try await served.token(.operator)
      let other = MeasurementTests.body(2).replacing("\"live\"", with: "\"nobody\"")
      let refused = try await served.post("/v1/measurements", "[\(MeasurementTests.body(1)), \(other)]", token: token)
      #expect(refused.status == 404)
      #expect(try refused.json["detail"] == "there is no monitor nobody")
      #expect(try await served.database.client.query("select 1 from kedge.event where type = 'measurement_recorded'").isEmpty)
    }
  }

  @Test(arguments: [
    ("hello", 400, "the body is no JSON"), ("[]", 422, "0 measurements: expected 1 to 1000"), ("17", 422, "the measurement: expected an object"),
    ("[{}]", 422, "measurement 1: monitor: missing"), (#"{"monitor": "live", "windw": {}}"#, 422, "windw: there is no such key; expected by_version"),
    (#"{"monitor": "live", "window": {"end_at": "noon"}, "rows": 1}"#, 422, #"window.end_at: "noon" is not an RFC 3339 time"#),
    (#"{"monitor": "live", "window": {"end_at": "2026-01-01T00:00:00Z"}, "rows": 1}"#, 422, "part: expected input or quality"),
    (
      #"{"monitor": "live", "window": {"start_at": "2026-01-02T00:00:00Z", "end_at": "2026-01-01T00:00:00Z"}, "rows": 1, "part": "input"}"#, 422,
      "window: it ends before it begins"
    ),
    (
      #"{"monitor": "live", "window": {"end_at": "2026-01-01T00:00:00Z"}, "rows": 1, "columns": [{"name": "a"}]}"#, 422,
      "columns[0]: say whether it drifted"
    ),
    (
      #"{"monitor": "live", "window": {"end_at": "2026-01-01T00:00:00Z"}, "rows": 1, "columns": [{"name": "a", "drifted": true}, {"name": "a", "drifted": true}]}"#,
      422, "columns[1].name: expected a name, and each only once"
    ),
    (#"{"monitor": "live", "window": {"end_at": "2026-01-01T00:00:00Z"}, "rows": -1, "part": "input"}"#, 422, "rows: -1 is negative"),
  ])
  func `a mistake is refused by the name of the field`(body: String, status: Int, detail: String) async throws {
    try await Served.with { served in
      try await served.declare()
      let refused = try await served.post("/v1/measurements", body, token: try await served.token(.operator))
      #expect(refused.status == status)
      #expect(try refused.json["detail"]?.string?.contains(detail) == true, "\(refused.text)")
    }
  }

  @Test func `the share of drifted columns decides where the monitor says so`() async throws {
    try await Served.with { served in
      try await served.declare(driftShare: 0.6)
      let answer = try await served.post("/v1/measurements", MeasurementTests.body(1), token: try await served.token(.operator))
      #expect(try answer.json.items.first?["drift"]?["detected"] == false)
      #expect(try answer.json.items.first?["drift"]?["share"] == 0.5)
    }
  }

  @Test func `reports of Evidently and scores of whylogs are taken as they are`() async throws {
    try await Served.with { served in
      try await served.declare()
      let token = try await served.token(.operator)
      let window = #""monitor": "live", "window": {"end_at": "2026-11-23T01:00:00Z"}, "rows": 200"#
      let evidently = """
        {\(window), "evidently": {"metrics": [
          {"id": "1", "config": {"type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": 0.5}, "value": {"count": 1, "share": 0.5}},
          {"id": "2", "config": {"type": "evidently:metric_v2:ValueDrift", "column": "age", "method": "K-S p_value", "threshold": 0.05}, "value": 0.001},
          {"id": "3", "config": {"type": "evidently:metric_v2:ValueDrift", "column": "plan", "method": "chi-square p_value", "threshold": 0.05}, "value": 0.5}]}}
        """
      let first = try await served.post("/v1/measurements", evidently, token: token)
      #expect(first.status == 201, "\(first.text)")
      #expect(try first.json.items.first?["drift"] == ["detected": true, "share": 0.5, "drifted_columns": ["age"]])
      let whylogs = """
        {\(window), "whylogs": {"age": {"algorithm": "ks", "pvalue": 0.001, "statistic": 0.4, "drift_category": "DRIFT"},
          "plan": {"algorithm": "chi-square", "pvalue": 0.5, "statistic": 0.1, "drift_category": "NO_DRIFT"}, "name": null}}
        """
      let second = try await served.post("/v1/measurements", whylogs, token: token)
      #expect(second.status == 201, "\(second.text)")
      #expect(try second.json.items.first?["drift"] == ["detected": true, "share": 0.5, "drifted_columns": ["age"]])
      let tests = try await served.database.client.query(
        "select data -> 'columns' -> 0 ->> 'test' from kedge.event where type = 'measurement_recorded' order by version", as: String.self)
      #expect(tests == ["evidently/ks", "whylogs/ks"])
      #expect(try await served.post("/v1/measurements", "{\(window), \"evidently\": {}}", token: token).status == 422)
    }
  }

  @Test func `a correlation id of the client's goes through to the alert`() async throws {
    try await Served.with { served in
      try await served.declare()
      let token = try await served.token(.operator)
      let id = UUID().lowercased
      for hour in [1, 2] { _ = try await served.post("/v1/measurements", MeasurementTests.body(hour), token: token, headers: ["X-Correlation-Id": id]) }
      try await served.follow()
      let types = try await served.database.client.query(
        "select type::text from kedge.event where correlation_id::text = \(id) order by number", as: String.self)
      #expect(types == ["measurement_recorded", "measurement_recorded", "alert_pending", "alert_raised"])
      #expect(try await served.post("/v1/measurements", MeasurementTests.body(3), token: token, headers: ["X-Correlation-Id": "x"]).status == 400)
    }
  }
}

extension JSON {
  /// The elements of a list.
  var items: [JSON] { self["items"]?.array ?? [] }
}
