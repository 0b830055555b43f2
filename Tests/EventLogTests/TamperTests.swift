import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// Issue 3: whoever changes the log behind its guards is found out, and the place is named.
@Suite struct `Tampering` {
  @Test(arguments: Seed.batch(4))
  func `each of 250 random changes is found and located by both verifiers`(seed: Seed) async throws {
    try await withTestDatabase { database in
      let log = try await makeLog(database)
      var random = seed.makeGenerator()
      try await database.client.withConnection { connection in
        // One transaction, which is never committed: each change is undone by a savepoint.
        try await connection.execute(unsafeScript: "BEGIN; \(try await database.guards("DISABLE"))", name: "begin")
        for number in 0..<250 {
          let change = log.drawChange(using: &random)
          try await connection.execute(unsafeScript: "SAVEPOINT untouched; \(change.sql)", name: "change")
          let verifier = ChainVerifier(connection)
          let (here, there) = (try await verifier.verify(), try await verifier.verifyInDatabase())
          #expect(here.firstBad?.position == change.position, "\(seed), change \(number): \(change.sql): \(here)")
          #expect(there.firstBad?.position == change.position, "\(seed), change \(number): \(change.sql): \(there)")
          try await connection.execute(unsafeScript: "ROLLBACK TO SAVEPOINT untouched; RELEASE SAVEPOINT untouched", name: "undo")
        }
        #expect(try await ChainVerifier(connection).verify().isVerified)
        try await connection.execute(unsafeScript: "ROLLBACK", name: "rollback")
      }
      let verifier = ChainVerifier(database.client)
      #expect(try await verifier.verify().isVerified)
      #expect(try await verifier.verifyInDatabase().isVerified)
    }
  }

  /// Sixty events over some seals and two epochs, and the seal that began the second was made of nothing.
  private func makeLog(_ database: TestDatabase) async throws -> Log {
    for (seal, count) in [3, 15, 1, 1, 24, 16].enumerated() {
      for number in 0..<count {
        try await database.append(
          "note/\(number % 5)",
          NewEvent(
            type: "note_added", data: ["n": .integer(Int64(number)), "text": "ä \u{1F600} \n\"", "seal": .integer(Int64(seal))],
            idempotencyKey: number % 3 == 0 ? "k\(seal)/\(number)" : nil))
      }
      try await database.seal()
      if seal == 3 {
        try await database.client.execute(
          unsafeScript: "DO $$ BEGIN PERFORM FROM kedge.log_lock FOR UPDATE; PERFORM kedge.raise_epoch(); END $$", name: "raise")
      }
    }
    return Log(
      numbers: try await database.client.query("select event from kedge.log_order order by position", as: Int64.self),
      seals: try await database.client.query(
        "select s.number, s.last_position, (select min(o.position) from kedge.log_order o where o.seal = s.number) from kedge.log_seal s order by s.number",
        as: Int64.self, Int64.self, Int64?.self))
  }

  /// A change, and the first position that does not fit after it.
  private struct Change {
    let sql: String
    let position: Int64
  }

  private struct Log {
    /// Insert numbers, by position.
    let numbers: [Int64]
    /// Number, last and first position.
    let seals: [(Int64, Int64, Int64?)]

    private var end: Int64 { Int64(numbers.count) }

    /// Any field of any event, of a place in the order, or of a seal, as far as the chain speaks of it: not the snapshots of seals, from
    /// which sealing goes on, and not when a seal was made that was made of nothing.
    func drawChange(using random: inout SeededGenerator) -> Change {
      let at = Int64.random(in: 1...end, using: &random)
      let other = (1...end).filter { $0 != at }.randomElement(using: &random)!
      func number(_ position: Int64) -> Int64 { numbers[Int(position) - 1] }
      func event(_ change: String) -> Change { Change(sql: "UPDATE kedge.event SET \(change) WHERE number = \(number(at))", position: at) }
      switch Int.random(in: 0..<26, using: &random) {
      case 0: return event("id = gen_random_uuid()")
      case 1: return event("stream = stream || 'x'")
      case 2: return event("version = version + \(Int.random(in: 1000...2000, using: &random))")
      case 3: return event("type = upper(type)")
      case 4: return event("schema = schema + 1")
      case 5: return event("data = data || '{\"x\": \(Int.random(in: 0...9, using: &random))}'")
      case 6: return event("data = data - '\(["n", "text", "seal"].randomElement(using: &random)!)'")
      // Equal as numbers, and not as text.
      case 7: return event("data = jsonb_set(data, '{n}', to_jsonb((data ->> 'n')::numeric + 0.0))")
      case 8: return event("data = jsonb_set(data, '{text}', to_jsonb(translate(data ->> 'text', 'ä', 'a')))")
      case 9: return event("actor = actor || ' '")
      case 10: return event("principal = 'somebody'")
      case 11: return event("correlation_id = gen_random_uuid()")
      case 12: return event("causation_id = '\(UUID(0))'")
      case 13: return event("idempotency_key = CASE WHEN idempotency_key IS NULL THEN 'k' END")
      case 14: return event("occurred_at = occurred_at + interval '1 microsecond'")
      case 15: return event("recorded_at = recorded_at - interval '1 microsecond'")
      case 16: return Change(sql: "DELETE FROM kedge.event WHERE number = \(number(at))", position: at)
      case 17:
        let gap = "DELETE FROM kedge.event WHERE number = \(number(at)); DELETE FROM kedge.log_order WHERE position = \(at)"
        return Change(sql: gap, position: at)
      case 18:
        // And those behind it closed up.
        let closing =
          "UPDATE kedge.log_order SET position = position + 1000 WHERE position > \(at); UPDATE kedge.log_order SET position = position - 1001 WHERE position > 1000"
        return Change(sql: "DELETE FROM kedge.log_order WHERE position = \(at); \(closing)", position: at)
      case 19: return Change(sql: "DELETE FROM kedge.log_order WHERE position >= \(at)", position: at)
      case 20:
        // Two change places.
        return Change(
          sql: """
            UPDATE kedge.log_order SET event = -1 WHERE position = \(at); UPDATE kedge.log_order SET event = \(number(at)) WHERE position = \(other);
            UPDATE kedge.log_order SET event = \(number(other)) WHERE position = \(at)
            """, position: min(at, other))
      case 21:
        // One slips in, in the middle or at the end.
        let place = Int64.random(in: 1...(end + 1), using: &random)
        return Change(
          sql: """
            UPDATE kedge.log_order SET position = position + 1000 WHERE position >= \(place);
            UPDATE kedge.log_order SET position = position - 999 WHERE position > 1000;
            WITH e AS (
              INSERT INTO kedge.event (stream, version, type, schema, data, actor, principal, occurred_at, recorded_at)
              VALUES ('note/slipped-in', 1, 'note_added', 1, '{}', 'a', 'b', now(), now()) RETURNING number)
            INSERT INTO kedge.log_order SELECT \(place), e.number, (SELECT max(seal) FROM kedge.log_order), sha256('x') FROM e
            """, position: place)
      case 22:
        return Change(
          sql: "UPDATE kedge.log_order SET hash = set_byte(hash, \(at % 32), (get_byte(hash, \(at % 32)) + 1) % 256) WHERE position = \(at)", position: at)
      case 23: return drawSealChange(using: &random)
      case 24:
        let (seal, last, _) = seals.randomElement(using: &random)!
        return Change(sql: "UPDATE kedge.log_seal SET hash = sha256('x') WHERE number = \(seal)", position: max(last, 1))
      default:
        // A seal says another last position: one that it did not give, or that does not exist.
        let (seal, last, _) = seals.randomElement(using: &random)!
        let says = (0...(end + 3)).filter { $0 != last }.randomElement(using: &random)!
        let sql = "UPDATE kedge.log_seal SET last_position = \(says) WHERE number = \(seal)"
        // The newest is the end of the log: what it does not know, or knows and is not there, begins behind the true end or its own.
        return Change(sql: sql, position: seal == seals.last!.0 && says > end ? end + 1 : max(says, 1))
      }
    }

    private func drawSealChange(using random: inout SeededGenerator) -> Change {
      let (seal, _, first) = seals.filter { $0.2 != nil }.randomElement(using: &random)!
      let change = [
        "UPDATE kedge.log_seal SET sealed_at = sealed_at + interval '1 microsecond' WHERE number = \(seal)",
        "UPDATE kedge.log_seal SET epoch = epoch + 1 WHERE number = \(seal)", "DELETE FROM kedge.log_seal WHERE number = \(seal)",
        "UPDATE kedge.log_order SET seal = 1 + seal % (SELECT max(number) FROM kedge.log_seal) WHERE position = \(first!)",
      ].randomElement(using: &random)!
      return Change(sql: change, position: first!)
    }
  }
}

extension UUID {
  /// A recognisable one.
  fileprivate init(_ byte: UInt8) { self.init(uuid: (byte, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1)) }
}
