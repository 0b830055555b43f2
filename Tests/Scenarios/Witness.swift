import PostgreSQL
import Testing

/// Sees, inside the database, who claims work and who completes it: by the name of the session, which no fencing token can hide.
struct Witness {
  private let client: PostgresClient

  /// From now on.
  init(_ client: PostgresClient) async throws {
    self.client = client
    try await client.execute(
      unsafeScript: """
        CREATE TABLE public.seen (number bigserial PRIMARY KEY, work uuid, kind text, token bigint, completed boolean, session text);
        CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO public.seen (work, kind, token, completed, session)
          VALUES (NEW.work, NEW.kind, NEW.token, NEW.done, current_setting('application_name'));
          RETURN NULL;
        END $$;
        -- Claiming sets the token, completing sets done, nothing else sets either.
        CREATE TRIGGER see AFTER UPDATE OF token, done ON kedge.lease FOR EACH ROW
          WHEN (NEW.token <> OLD.token OR NEW.done) EXECUTE FUNCTION public.see();
        """, name: "witness")
  }

  /// That whoever completed a piece of work was the last to claim it, and that nobody completed it again.
  /// - Returns: pieces completed, and claims of work that somebody else had claimed before.
  func verify() async throws -> (completed: Int, takenOver: Int) {
    let stale = try await client.query(
      """
      select count(*) from public.seen c where c.completed and c.session is distinct from (
        select l.session from public.seen l where l.work = c.work and not l.completed and l.number < c.number order by l.number desc limit 1)
      """, as: Int.self)[0]
    #expect(stale == 0, "completions by somebody who was not the last to claim the work")
    let again = try await client.query(
      "select count(*) from (select from public.seen where completed group by work having count(*) > 1) twice", as: Int.self)[0]
    #expect(again == 0, "work that was completed twice")
    return try await client.query(
      """
      select count(*) filter (where completed), count(*) filter (where not completed and session <> before)
      from (select *, lag(session) over (partition by work order by number) as before from public.seen) s
      """, as: Int.self, Int.self)[0]
  }
}
