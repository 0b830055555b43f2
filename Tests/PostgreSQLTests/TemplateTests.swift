import PostgreSQL
import TestSupport
import Testing

struct TemplateTests {
  @Test func `a test's database has every migration, and roles can log in to it`() async throws {
    try await withTestDatabase { database async throws in
      #expect(try await database.client.query("select count(*) > 0 from kedge.migration", as: Bool.self) == [true])
      let auditor = try await database.makeClient(memberOf: "kedge_auditor")
      let (session, member) = try await auditor.query(
        "select session_user::text, pg_has_role(session_user, 'kedge_auditor', 'member')", as: String.self, Bool.self)[0]
      #expect(session.hasPrefix(database.name) && member)
      await #expect { try await auditor.query("create table kedge.t (x int)") } throws: { ($0 as? PostgresError)?.sqlState == .insufficientPrivilege }
    }
  }
}
