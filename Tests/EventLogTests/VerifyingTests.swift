import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Verifying` {
  /// Forty events over three seals, on five streams.
  private func log(_ database: TestDatabase) async throws {
    for (seal, count) in [15, 1, 24].enumerated() {
      for number in 0..<count {
        try await database.append(
          "note/\(number % 5)",
          NewEvent(
            type: "note_added", data: ["n": .integer(Int64(number)), "text": "ä \u{1F600} \n\"", "seal": .integer(Int64(seal))],
            idempotencyKey: number % 3 == 0 ? "k\(seal)/\(number)" : nil))
      }
      try await database.seal()
    }
  }

  /// Both verifiers, and that they agree on where and why.
  private func verify(_ database: TestDatabase) async throws -> Verification {
    let verifier = ChainVerifier(database.client)
    let (here, there) = (try await verifier.verify(), try await verifier.verifyInDatabase())
    #expect(here.firstBad?.position == there.firstBad?.position)
    #expect(here.isVerified == there.isVerified)
    if here.isVerified { #expect(here == there) }
    return here
  }

  @Test func `an untouched log verifies, in SQL and by the second implementation`() async throws {
    try await withTestDatabase { database in
      let empty = try await verify(database)
      #expect(empty.isVerified && empty.events == 0 && empty.head == nil)
      try await log(database)
      let verification = try await verify(database)
      #expect(verification.isVerified && verification.events == 40 && verification.head?.position == 40)
      let head = try await database.client.query("select encode(hash, 'hex') from audit.head", as: String.self)[0]
      #expect(verification.head?.hexadecimal == head)
      // A part of it.
      let part = try await ChainVerifier(database.client).verify(from: 10, to: 20)
      #expect(part.isVerified && part.events == 11 && part.head?.position == 20)
      #expect(try await ChainVerifier(database.client).verifyInDatabase(from: 10, to: 20) == part)
    }
  }

  @Test func `the first hash is what LOG says, byte for byte`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", NewEvent(type: "note_added", data: ["b": 1, "a": "ä"], occurredAt: Timestamp(microseconds: -1)))
      try await database.seal()
      let row = try await database.client.query(
        """
        select epoch, position, id, stream, version, type, schema, data::text, actor, principal, (extract(epoch from occurred_at) * 1000000)::bigint,
          (extract(epoch from recorded_at) * 1000000)::bigint, (extract(epoch from sealed_at) * 1000000)::bigint, encode(hash, 'hex') from audit.event
        """)[0]
      let id = try row.decode(UUID.self, at: 2).lowercased
      let principal = try row.decode(String.self, at: 9)
      let (recorded, sealed) = (try row.decode(Int64.self, at: 11), try row.decode(Int64.self, at: 12))
      let fields: [String?] = [
        "kedge1", "1", "1", id, "note/a", "1", "note_added", "1", "{\"a\": \"ä\", \"b\": 1}", "tester", principal, nil, nil, nil, "-1", "\(recorded)",
        "\(sealed)",
      ]
      let hex = fields.map { field in
        guard let field else { return "ffffffff" }
        let bytes = Array(field.utf8)
        return String(format: "%08x", bytes.count) + bytes.map { String(format: "%02x", $0) }.joined()
      }.joined()
      let expected = try await database.value("select encode(sha256(decode(repeat('00', 32) || \(hex), 'hex')), 'hex')", as: String.self)
      #expect(try row.decode(String.self, at: 13) == expected)
    }
  }

  @Test(arguments: [
    ("UPDATE kedge.event SET data = '{}' WHERE number = @7", 7), ("UPDATE kedge.event SET actor = 'somebody' WHERE number = @40", 40),
    ("UPDATE kedge.event SET recorded_at = recorded_at + interval '1 microsecond' WHERE number = @1", 1),
    ("UPDATE kedge.event SET idempotency_key = NULL WHERE number = @4", 4),
    // Removed, with and without its place.
    ("DELETE FROM kedge.event WHERE number = @17", 17), ("DELETE FROM kedge.event WHERE number = @40", 40),
    ("DELETE FROM kedge.event WHERE number = @9; DELETE FROM kedge.log_order WHERE position = 9", 9),
    ("DELETE FROM kedge.event WHERE number = @40; DELETE FROM kedge.log_order WHERE position = 40", 40),
    ("DELETE FROM kedge.event; DELETE FROM kedge.log_order", 1),
    // A pair swapped, in the order and in the rows.
    (
      "UPDATE kedge.log_order SET event = -1 WHERE position = 3; UPDATE kedge.log_order SET event = event - 1 WHERE position = 4; UPDATE kedge.log_order SET event = @4 + 1 WHERE position = 3",
      3
    ),
    ("UPDATE kedge.event a SET data = b.data FROM kedge.event b WHERE (a.number, b.number) IN ((@21, @22), (@22, @21))", 21),
    // Slipped in, with a place of its own.
    ("INSERT INTO kedge.log_order SELECT 41, 900, seal, hash FROM kedge.log_order WHERE position = 40", 41),
    ("UPDATE kedge.log_seal SET sealed_at = sealed_at - interval '1 hour' WHERE number = 2", 16),
    ("UPDATE kedge.log_seal SET hash = sha256('x') WHERE number = 3", 40),
    ("UPDATE kedge.log_order SET hash = sha256('x') WHERE position = 12", 12),
  ])
  func `what was changed, removed or swapped is found and located by both`(change: String, position: Int) async throws {
    try await withTestDatabase { database in
      try await log(database)
      // @7 is the insert number of the event at position 7.
      try await database.tamper(change.replacing(/@(\d+)/) { "(SELECT event FROM kedge.log_order WHERE position = \($0.1))" })
      let verification = try await verify(database)
      #expect(verification.firstBad?.position == Int64(position), "\(change): \(verification)")
      #expect(verification.firstBad?.reason.contains("\(position)") == true)
    }
  }

  @Test func `causes follow causation and data.because to where it began`() async throws {
    try await withTestDatabase { database in
      let root = try await database.append("measurement/1", .note(0))[0]
      let other = try await database.append("measurement/2", .note(1))[0]
      let store = database.store
      let alert = try await store.append(
        [NewEvent(type: "alert_seen", data: ["because": [.string(other.id.lowercased)]])], to: StreamName("alert/1"),
        by: Attribution(actor: "p", correlation: root.id, causation: root.id))[0]
      let run = try await store.append(
        [NewEvent(type: "run_seen")], to: StreamName("run/1"), by: Attribution(actor: "p", correlation: root.id, causation: alert.id))[0]
      try await database.seal()
      let causes = try await database.client.query(
        "select depth, id, effect, position from audit.causes(\(run.id)) order by depth, position", as: Int.self, UUID.self, UUID?.self, Int64?.self)
      #expect(causes.map(\.0) == [0, 1, 2, 2])
      #expect(causes.map(\.1) == [run.id, alert.id, root.id, other.id])
      #expect(causes.map(\.2) == [nil, run.id, alert.id, alert.id])
      #expect(causes.map(\.3) == [4, 3, 1, 2])
      #expect(try await database.client.query("select * from audit.causes(gen_random_uuid())").isEmpty)
    }
  }

  @Test func `as_of shows every stream as it stood`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(1), .note(2))
      try await database.append("note/b", .note(3))
      try await database.append("note/a", .note(4))
      try await database.seal()
      func asOf(_ position: Int) async throws -> [String] {
        try await database.client.query("select stream || '@' || version from audit.as_of(\(position)) order by 1", as: String.self)
      }
      #expect(try await asOf(0) == [])
      #expect(try await asOf(1) == ["note/a@1"])
      #expect(try await asOf(3) == ["note/a@2", "note/b@1"])
      #expect(try await asOf(4) == ["note/a@3", "note/b@1"])
      for wrong in [-1, 5] {
        let error = await #expect(throws: PostgresError.self) { try await asOf(wrong) }
        #expect(error?.sqlState == "22023" && error?.message == "position \(wrong) is not in the log, which goes from 1 to 4")
      }
    }
  }
}
