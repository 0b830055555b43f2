import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// Windows that are no single files.
@Suite struct SourceTests {
  @Test func `the windows of a query are stretches of time, found when they are over and measured on demand`() async throws {
    try await Scenario.run { scenario in
      try await scenario.client.execute(
        unsafeScript: """
          create schema warehouse;
          create table warehouse.answers (at timestamptz, x float8, word text);
          insert into warehouse.answers select date_trunc('hour', now()) - interval '3 hours' + n * interval '1 minute', random(), 'w' || n % 3
            from generate_series(0, 179) n;
          """, name: "warehouse")
      try scenario.write("warehouse.url", scenario.program.url)
      try scenario.write(
        "sql.yaml",
        """
        kind: Model
        name: asked
        task: classification
        ---
        kind: Monitor
        name: asked-live
        model: asked
        baseline: {sql: {connection: "file:warehouse.url", query: "select x, word from warehouse.answers"}}
        window:
          sql: {connection: "file:warehouse.url", query: "select at, x, word from warehouse.answers where at >= :from and at < :to"}
          every: 1h
          minimum_rows: 30
        columns: {time: at}
        """)
      #expect(try await scenario.kedge("apply", "-f", "sql.yaml").status == 0)
      try scenario.worker("projector,scheduler,measurer")
      try await scenario.waitFor("the last hour", sql: "select 1 from kedge.measurement where source like 'sql:%' and rows = 60")
      let earlier = try #require(
        try await scenario.value(
          "select (date_trunc('hour', now()) - interval '3 hours')::text || '/' || (date_trunc('hour', now()) - interval '2 hours')::text"))
      let ends = earlier.split(separator: "/").compactMap { Timestamp($0) }
      let measured = try await scenario.kedge("measure", "asked-live", "--window", "\(ends[0])/\(ends[1])", "--wait=60s")
      #expect(measured.status == 0, "\(measured.err)")
      #expect(try await scenario.value("select rows::text from kedge.measurement where source = \("sql:\(ends[0])/\(ends[1])")") == "60")
      #expect(try await scenario.kedge("measure", "asked-live", "--window", "yesterday").status == 2)

      try await scenario.client.execute(unsafeScript: "drop table warehouse.answers", name: "drop")
      let failed = try await scenario.kedge("measure", "asked-live", "--window", "2026-01-01/2026-01-02", "--wait=60s")
      #expect(failed.status == 1)
      #expect(failed.err.contains("relation \"warehouse.answers\" does not exist"), "\(failed.err)")
    }
  }

  @Test func `a directory named after a day is one window of that day`() async throws {
    try await Scenario.run { scenario in
      let declarations = Scenario.declarations.replacing("incoming/*.csv", with: "incoming/date=*")
      #expect(declarations != Scenario.declarations)
      try scenario.write("kedge.yaml", declarations)
      for day in 1...2 {
        let folder = "incoming/date=2026-01-0\(day)"
        try FileManager.default.createDirectory(atPath: "\(scenario.directory)/\(folder)", withIntermediateDirectories: true)
        for part in 0..<2 {
          try scenario.write("\(folder)/part-\(part).csv", Scenario.window(rows: 150, seed: UInt64(day * 10 + part), version: "toy/1"))
        }
      }
      try scenario.worker("projector,scheduler,measurer")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      try await scenario.waitFor("two windows", sql: "select 1 from kedge.measurement where rows = 300 having count(*) = 2")
    }
  }
}
