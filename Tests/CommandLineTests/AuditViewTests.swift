import Foundation
import Lifecycle
import PostgreSQL
import TestSupport
import Testing

@Suite struct AuditViewTests {
  static let views = ["timeline", "drift", "alerts", "runs", "evaluations", "deployments", "rollbacks", "approvals"]

  @Test func `every view and every column has a comment`() async throws {
    try await withTestDatabase { database in
      let missing = try await database.client.query(
        """
        select c.relname || coalesce('.' || a.attname, '') from pg_class c
        left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'audit'::regnamespace and c.relkind = 'v'
          and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)
        """
      ).map { try $0.decode(String.self, at: 0) }
      #expect(missing.isEmpty, "\(missing)")
    }
  }

  @Test func `an auditor reads every view and changes nothing`() async throws {
    try await World.with { world in
      let (run, evaluated) = try await world.version(1)
      let id = try await world.propose(1, run: run, because: evaluated)
      _ = try await world.program.run("approve", "\(id)", "--as", "bob", "--reason", "better", "--quiet")
      try await world.serve(1)
      try await world.version(2)
      try await world.serve(2)
      _ = try await world.program.run("rollback", World.endpoint, "--yes", "--as", "erin", "--reason", "complaints")
      try await world.project()
      let auditor = try await world.database.makeClient(memberOf: "kedge_auditor")
      for view in AuditViewTests.views { try await auditor.query("select * from audit.\(unsafeSQL: view)") }
      let (approvers, because) = try #require(
        try await auditor.query("select approved_by, approved_because from audit.deployments where id = \(id.uuid)", as: [String].self, String.self).first)
      #expect(approvers == ["bob"])
      #expect(because == "bob: better")
      let sentences = try await auditor.query("select who || ': ' || what from audit.timeline order by position").map { try $0.decode(String.self, at: 0) }
      #expect(sentences.contains("bob: breast-cancer/1 approved for breast-cancer-prod: better"))
      #expect(sentences.contains("erin: breast-cancer-prod to go back from breast-cancer/2 to breast-cancer/1: complaints"))
      #expect(sentences.contains("alice: run of breast-cancer-retrain requested because of a person: test"))
      let (from, to, by) = try #require(
        try await auditor.query("select from_version, to_version, decided_by from audit.rollbacks", as: String.self, String.self, String.self).first)
      #expect((from, to, by) == ("breast-cancer/2", "breast-cancer/1", "erin"))
      await #expect(throws: PostgresError.self) { try await auditor.query("delete from kedge.deployment") }
    }
  }

  @Test func `every type that Kedge writes has a sentence`() async throws {
    try await withTestDatabase { database in
      let view = try await database.client.query("select pg_get_viewdef('audit.timeline'::regclass)").first?.decode(String.self, at: 0) ?? ""
      let generic = Fact.types.filter { !$0.hasSuffix("_defined") && !$0.hasSuffix("_removed") || $0 == "schedule_defined" }
      for type in generic { #expect(view.contains("'\(type)'"), "\(type)") }
    }
  }

  @Test func `an event that does not have the shape it should breaks no view`() async throws {
    try await withTestDatabase { database in
      try await database.client.execute(
        unsafeScript: """
          create or replace function kedge.event_shapes() returns jsonb language sql immutable as $$ select '{}'::jsonb $$;
          select kedge.append(s || '/x', -1, jsonb_build_array(jsonb_build_object('type', t, 'data', d)))
          from (values ('monitor', 'measurement_recorded', '{"metrics": {"accuracy": "high"}, "drift": {"detected": "perhaps", "drifted_columns": 3}}'::jsonb),
            ('monitor', 'labels_joined', '{"windows": 7}'), ('alert', 'alert_raised', '{"value": "much"}'), ('deployment', 'stage_entered', '{"stage": "last"}'),
            ('endpoint', 'rollback_decided', '{"automatic": 3}'), ('endpoint', 'traffic_moved', '[]'), ('run', 'run_evaluated', '{}'), ('run', 'run_requested', '{}'),
            ('any', 'note_added', '"text"')) v (s, t, d);
          select kedge.seal();
          """, name: "append odd events")
      for view in AuditViewTests.views { try await database.client.query("select * from audit.\(unsafeSQL: view)") }
      let what = try await database.client.query("select count(*) from audit.timeline where what is null").first?.decode(Int.self, at: 0)
      #expect(what == 0)
    }
  }
}
