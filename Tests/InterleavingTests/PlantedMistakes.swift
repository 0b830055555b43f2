/// A mistake, of which some were made elsewhere, that is put into the log of one test: the interleavings must find it.
struct PlantedMistake: Sendable, CustomStringConvertible {
  let description: String
  /// One of these the interleavings must say of it.
  let found: [String]
  /// Replaces functions.
  let sql: @Sendable (_ definition: (String) throws -> String) throws -> String

  /// Part of the source is no longer there: the mistake has to be written anew.
  struct Outdated: Error, CustomStringConvertible { let description: String }

  /// A mistake made by changing some text of a function.
  private static func changing(_ function: String, _ old: String, to new: String, _ description: String, found: [String]) -> PlantedMistake {
    PlantedMistake(description: description, found: found) { definition in
      let source = try definition(function)
      guard source.contains(old) else { throw Outdated(description: "\(function) no longer says \(old): write the mistake “\(description)” anew") }
      return source.replacing(old, with: new)
    }
  }

  /// A sealer that gives positions to what a query finds.
  private static func sealing(_ query: String, lockingFirst: Bool = true, _ description: String, found: [String]) -> PlantedMistake {
    let lock = "PERFORM FROM kedge.log_lock l WHERE l.one FOR UPDATE;"
    let look = "v_events := ARRAY(\(query));"
    return PlantedMistake(description: description, found: found) { _ in
      """
      CREATE OR REPLACE FUNCTION kedge.seal() RETURNS bigint LANGUAGE plpgsql AS $$
      DECLARE v_events bigint[];
      BEGIN
        \(lockingFirst ? lock + look : look + lock)
        IF v_events = '{}' THEN RETURN 0; END IF;
        RETURN kedge.chain(v_events, 1, pg_current_snapshot());
      END $$
      """
    }
  }

  static let all = [
    sealing(
      """
      SELECT e.number FROM kedge.event e WHERE e.xid < pg_snapshot_xmin(pg_current_snapshot())
        AND NOT EXISTS (SELECT FROM kedge.log_order o WHERE o.event = e.number) ORDER BY e.xid, e.number
      """, "seals below the oldest open transaction, in the order of transaction ids", found: ["stream order", "causal order"]),
    sealing(
      "SELECT e.number FROM kedge.event e WHERE e.number > coalesce((SELECT max(o.event) FROM kedge.log_order o), 0) ORDER BY e.number",
      "goes on behind the highest number that it has sealed", found: ["has the positions [], not one"]),
    sealing(
      "SELECT e.number FROM kedge.event e WHERE NOT EXISTS (SELECT FROM kedge.log_order o WHERE o.event = e.number) ORDER BY e.number",
      lockingFirst: false, "reads before it has the lock", found: ["log_order_event_is_sealed_once"]),
    sealing(
      "SELECT e.number FROM kedge.event e WHERE NOT EXISTS (SELECT FROM kedge.log_order o WHERE o.event = e.number) ORDER BY e.stream, e.version DESC",
      "seals what is new in another order than that of inserts", found: ["stream order", "causal order"]),
    changing(
      "kedge.chain", "UNION SELECT pg_current_xact_id()", to: "UNION SELECT '1'::xid8", "forgets that whoever seals may append afterwards",
      found: ["has the positions [], not one"]),
    changing(
      "kedge.ended_between", "IF old_xip <> '{}' THEN", to: "IF false THEN", "forgets what was open when it sealed before",
      found: ["has the positions [], not one"]),
    changing(
      "kedge.raise_floor", "AND NOT v_writers && (v_floor.waits_for || 'prepared'::text)", to: "", "leaves out old events beside those who write them",
      found: ["has the positions [], not one"]),
    changing(
      "kedge.raise_floor", "|| 'prepared'::text", to: "", "leaves out old events beside prepared transactions", found: ["has the positions [], not one"]),
    changing(
      "kedge.raise_floor", "PERFORM kedge.seal();", to: "", "leaves out old events before they are sealed", found: ["has the positions [], not one"]),
    changing(
      "kedge.check_lease", "AND l.token = check_lease.token", to: "", "completes without looking at the token",
      found: ["stale: an append with token"]),
    changing(
      "kedge.check_lease", "SET done = complete", to: "SET done = false", "completes and leaves the work claimable",
      found: ["stale", "claimed with token", "given back"]),
    changing(
      "kedge.check_lease", "AND l.expires_at > (SELECT clock_timestamp())", to: "", "completes after its time", found: ["stale: an append with token"]),
    changing("kedge.claim", "AND l.available_at <= (SELECT clock_timestamp())", to: "", "hands out work that is held", found: ["claimed with token"]),
  ]
}
