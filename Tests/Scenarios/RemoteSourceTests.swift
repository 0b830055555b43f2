import Foundation
import HTTPTransport
import PostgreSQL
import TestSupport
import Testing
import Values

/// Windows, labels and references that do not lie on a disk of the workers.
@Suite struct RemoteSourceTests {
  @Test func `windows, labels and the reference may lie in a bucket, a folder for a day is one window, and retraining is handed files`() async throws {
    let server = try S3Server()
    try await withTestDatabase { database in
      try await Scenario.run(at: database.url, database.client, server.environment) { scenario in
        try server.put("reference.csv", Scenario.window(rows: 400, seed: 1, labelled: true))
        try server.put("in/a.csv", Scenario.window(rows: 200, seed: 2, version: "toy/1"))
        try server.put("in/_hidden.csv", "x\n1\n")
        try server.put("in/deeper/c.csv", "x\n1\n")
        for part in 0..<2 { try server.put("days/date=2026-01-01/part-\(part).csv", Scenario.window(rows: 100, seed: UInt64(10 + part), version: "toy/1")) }
        try server.put("days/date=2999-01-01/part-0.csv", Scenario.window(rows: 100, seed: 12, version: "toy/1"))
        let remote = Scenario.declarations
          .replacing("{file: reference.csv}", with: "{file: \"s3://data/reference.csv\"}")
          .replacing("incoming/*.csv", with: "s3://data/in/*.csv").replacing("labels/*.csv", with: "s3://data/labels/*.csv")
        let daily = """

          ---
          kind: Monitor
          name: toy-daily
          model: toy
          baseline: {file: "s3://data/reference.csv"}
          window: {files: "s3://data/days/date=*/", every: 1s, minimum_rows: 50}
          columns: {id: id, version: version, time: at, prediction: predicted, label: label}
          """
        try scenario.write("kedge.yaml", remote + daily)
        let applied = try await scenario.kedge("apply", "-f", "kedge.yaml")
        #expect(applied.status == 0, "\(applied.err)")
        #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").out.contains("declared") == false, "the same again appends nothing")
        try scenario.worker("projector,scheduler,measurer,trainer")
        try await scenario.waitFor(
          "the window", sql: "select 1 from kedge.measurement where source = 's3://data/in/a.csv' and part = 'input' and rows = 200 and failure is null")
        try await scenario.waitFor(
          "the day", sql: "select 1 from kedge.measurement where source = 's3://data/days/date=2026-01-01/' and rows = 200 and failure is null")
        try server.put("labels/a.csv", Scenario.labels(rows: 200, seed: 2))
        try await scenario.waitFor(
          "its quality", sql: "select 1 from kedge.measurement where source = 's3://data/in/a.csv' and part = 'quality' and rows = 200")
        // Written anew, it is another window.
        try server.put("in/a.csv", Scenario.window(rows: 150, seed: 3, version: "toy/1"))
        try await scenario.waitFor(
          "the new content", sql: "select 1 from kedge.measurement where source = 's3://data/in/a.csv' and part = 'input' and rows = 150")
        #expect(try await scenario.value("select count(distinct source)::text from kedge.monitor_window") == "2")

        let measured = try await scenario.kedge("measure", "toy-live", "--from", "s3://data/days/date=2999-01-01/", "--wait=60s")
        #expect(measured.status == 0, "\(measured.err)")
        let absent = try await scenario.kedge("measure", "toy-live", "--from", "s3://data/in/none.csv")
        #expect(absent.status == 2 && absent.err.contains("s3://data/in/none.csv"), "\(absent.err)")
        let trained = try await scenario.kedge("retrain", "toy", "--wait=120s")
        #expect(trained.err.contains("toy/1") || trained.out.contains("toy/1"), "\(trained.err)")
        #expect(try await scenario.value("select metrics ->> 'windows' from kedge.model_version where name = 'toy/1'") != "0")
        try await scenario.verify()
      }
    }
  }

  @Test func `a server that refuses is said once, and asked again`() async throws {
    let server = try S3Server()
    var environment = server.environment
    environment["AWS_SECRET_ACCESS_KEY"] = "another"
    try await withTestDatabase { database in
      try await Scenario.run(at: database.url, database.client, environment) { scenario in
        try scenario.write("kedge.yaml", Scenario.declarations.replacing("incoming/*.csv", with: "s3://data/in/*.csv"))
        #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
        try scenario.worker("projector,scheduler")
        try await scenario.waitFor("the refusal") { scenario.everyLog().contains("SignatureDoesNotMatch") }
        try scenario.write("labels/one.csv", "id,label\nnobody,1\n")
        try await scenario.waitFor("what else the monitor has", sql: "select 1 from kedge.label_file")
        #expect(scenario.everyLog().components(separatedBy: "SignatureDoesNotMatch").count == 2)
      }
    }
    withExtendedLifetime(server) {}
  }

  @Test func `what was posted is measured in the order of its arrival, and its labels find it`() async throws {
    try await Scenario.run { scenario in
      let declared = Scenario.declarations
        .replacing("  files: \"incoming/*.csv\"\n  labels: {files: \"labels/*.csv\"}\n", with: "  predictions: true\n")
      #expect(declared != Scenario.declarations)
      try scenario.write("kedge.yaml", declared)
      let applied = try await scenario.kedge("apply", "-f", "kedge.yaml")
      #expect(applied.status == 0, "\(applied.err)")
      func post(_ kind: String, _ text: String) async throws {
        let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        let rows = lines.dropFirst().map { cells in JSON(zip(lines[0], cells).map { ($0, Double($1).map(JSON.number) ?? .string($1)) }) }
        for (number, row) in rows.enumerated() {
          try await scenario.client.query(
            """
            insert into kedge.observation (model, kind, id, digest, content, at)
            values ('toy', \(kind), \(row["id"]?.string ?? ""), \(kind == "label" ? "\(number)" : ""), \(row.description)::json, coalesce(\(row["at"]?.string)::timestamptz, now()))
            """)
        }
      }
      try await post("prediction", Scenario.window(rows: 120, seed: 2, version: "toy/1"))
      try scenario.worker("projector,scheduler,measurer")
      try await scenario.waitFor("the first", sql: "select 1 from kedge.measurement where source like 'predictions:%' and part = 'input' and rows = 120")
      try await post("prediction", Scenario.window(rows: 110, seed: 3, version: "toy/1"))
      try await scenario.waitFor("the second", sql: "select 1 from kedge.measurement where source like 'predictions:%' and part = 'input' and rows = 110")
      try await post("label", Scenario.labels(rows: 120, seed: 2))
      try await scenario.waitFor("its quality", sql: "select 1 from kedge.measurement where source like 'predictions:%' and part = 'quality' and rows = 120")
      #expect(try await scenario.value("select count(*)::text from kedge.monitor_window") == "2")
      try await scenario.verify()
    }
  }

  @Test func `the baseline may be what a registered version's trainer left, under an alias that can move`() async throws {
    try await Scenario.run { scenario in
      let declared = Scenario.declarations.replacing("{file: reference.csv}", with: "{version: training-data}")
        .replacing("retries: 2}", with: "retries: 2}\nparameters: {baseline: \"\(scenario.directory)/reference.csv\"}")
      try scenario.write("kedge.yaml", declared)
      let applied = try await scenario.kedge("apply", "-f", "kedge.yaml")
      #expect(applied.status == 0, "\(applied.err)")
      try scenario.worker("projector,scheduler,measurer,trainer")
      try scenario.write("incoming/a.csv", Scenario.window(rows: 200, seed: 2, version: "toy/1"))
      try await scenario.waitFor(
        "no such version", sql: "select 1 from kedge.measurement where failure like '%training-data, and toy has no such version or alias%'")
      _ = try await scenario.kedge("retrain", "toy", "--wait=120s")
      try await scenario.waitFor("the version", sql: "select 1 from kedge.model_version where name = 'toy/1'")
      #expect(try await scenario.kedge("alias", "toy/1", "training-data").status == 0)
      try scenario.write("incoming/b.csv", Scenario.window(rows: 200, seed: 3, shift: 2, version: "toy/1"))
      try await scenario.waitFor("the drift", sql: "select 1 from kedge.measurement where source like '%/b.csv' and (drift ->> 'detected')::boolean")

      // What was kept of the window takes its place when its file is gone: identifiers and times are not among it.
      let id = try #require(try await scenario.value("select id::text from kedge.measurement where source like '%/b.csv' and part = 'input'"))
      try FileManager.default.removeItem(atPath: "\(scenario.directory)/incoming/b.csv")
      let kept = try await scenario.kedge("profile", "window", String(id.prefix(18)), "--to", "b.json")
      #expect(kept.status == 0, "\(kept.err)")
      let profile = try JSON(parsing: try #require(scenario.read("b.json")))
      #expect(profile["rows"] == 200 && profile["columns"]?.array?.map { $0["name"] } == ["x", "predicted"])
      try scenario.write("c.csv", Scenario.window(rows: 200, seed: 4, shift: 2))
      let compared = try await scenario.kedge("compare", "--reference", "b.json", "--current", "c.csv", "-o", "json").json()
      #expect(compared["columns"]?.array?.first { $0["name"] == "x" }?["verdict"] == "stable")
      #expect(try await scenario.kedge("profile", "window", "00000000").status == 5)
      try await scenario.verify()
    }
  }
}
