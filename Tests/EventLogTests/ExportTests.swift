import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Exports` {
  private func log(_ database: TestDatabase, _ count: Int = 40) async throws {
    for number in 0..<count {
      try await database.append(
        "note/\(number % 5)",
        NewEvent(
          type: "note_added", data: ["n": .integer(Int64(number)), "text": "ä \u{1F600} \n\"\\", "x": 1.25],
          occurredAt: number == 3 ? Timestamp(microseconds: -62_135_596_800_000_000) : nil, idempotencyKey: number % 3 == 0 ? "k/\(number)" : nil))
      if number % 10 == 9 { try await database.seal() }
    }
  }

  @Test func `an export verifies without a database, plain or packed, whole or in parts`() async throws {
    let files = try Files()
    defer { files.remove() }
    try await withTestDatabase { database in
      try await log(database)
      let head = try await ChainHead.read(from: database.client)
      let export = LogExport(database.client)
      for name in ["all.jsonl", "all.jsonl.gz"] {
        let written = try await export.write(to: files[name])
        let report = try ExportVerifier([files[name]]).verify(against: head)
        #expect(written == report.verification && written.events == 40 && written.head?.hash == head.hash)
        #expect(report.comparison == .extends)
      }
      #expect(try files.bytes("all.jsonl.gz").prefix(2) == [0x1f, 0x8b])
      #expect(try files.text("all.jsonl").split(separator: "\n").count == 41)
      try await export.write(to: files["a.gz"], upTo: 17)
      try await export.write(to: files["b"], from: 18)
      let both = try ExportVerifier([files["a.gz"], files["b"]]).verify(against: head)
      #expect(both.verification.isVerified && both.verification.events == 40 && both.comparison == .extends)
      // Parts that do not follow each other, that end too soon, or begin too late.
      let swapped = try ExportVerifier([files["b"], files["a.gz"]]).verify(against: head)
      #expect(swapped.verification.firstBad?.position == 41 && swapped.file == files["a.gz"])
      #expect(try ExportVerifier([files["a.gz"]]).verify(against: head).comparison == .shorter)
      let early = try ExportVerifier([files["b"]]).verify()
      #expect(early.verification.isVerified && early.verification.events == 23)
      try await database.append("note/a", .note())
      try await database.seal()
      let later = try await ChainHead.read(from: database.client)
      #expect(try ExportVerifier([files["all.jsonl"]]).verify(against: later).comparison == .shorter)
      try await export.write(to: files["c"], from: 41)
      #expect(try ExportVerifier([files["c"]]).verify(against: head).comparison == .extends)
      try await export.write(to: files["d"], from: 41 + 1)
      let nothing = try ExportVerifier([files["d"]]).verify(against: head)
      #expect(nothing.verification.events == 0 && nothing.comparison == .beginsAfter)
    }
  }

  @Test func `an auditor exports, and the lines carry what was hashed`() async throws {
    let files = try Files()
    defer { files.remove() }
    try await withTestDatabase { database in
      try await log(database, 10)
      let auditor = try await database.makeClient(memberOf: "kedge_auditor")
      try await LogExport(auditor).write(to: files["x"])
      let lines = try files.text("x").split(separator: "\n").map { try JSON(parsing: String($0)) }
      #expect(lines[0]["format"] == "kedge-events-1" && lines[0]["after"]?["position"] == 0)
      #expect(lines[1]["data"]?.string?.hasPrefix("{\"n\": 0, \"x\": 1.25, \"text\": ") == true)
      #expect(lines[4]["occurred_at"]?.integer == -62_135_596_800_000_000)
      #expect(lines[1]["idempotency_key"] == "k/0" && lines[2]["idempotency_key"] == .null)
    }
  }

  @Test(arguments: Seed.batch(4)) func `whatever byte of an export is changed, it is found`(seed: Seed) async throws {
    let files = try Files()
    defer { files.remove() }
    try await withTestDatabase { database in
      try await log(database, 10)
      try await LogExport(database.client).write(to: files["good"])
      let good = try files.bytes("good")
      var random = seed.makeGenerator()
      for _ in 0..<100 {
        var bad = good
        let at = Int.random(in: 0..<bad.count, using: &random)
        let byte = UInt8.random(in: .min ... .max, using: &random)
        guard byte != bad[at], at != bad.count - 1 else { continue }
        bad[at] = byte
        try files.write("bad", bad)
        let found = (try? ExportVerifier([files["bad"]]).verify())?.verification.isVerified != true
        #expect(found, "byte \(at) from \(good[at]) to \(byte), \(seed)")
      }
    }
  }

  @Test func `a file that is cut off is no whole export`() async throws {
    let files = try Files()
    defer { files.remove() }
    try await withTestDatabase { database in
      try await log(database)
      let head = try await ChainHead.read(from: database.client)
      try await LogExport(database.client).write(to: files["good.gz"])
      try await LogExport(database.client).write(to: files["good"])
      let packed = try files.bytes("good.gz")
      try files.write("cut.gz", Array(packed.prefix(packed.count / 2)))
      #expect(throws: LineFileError.self) { try ExportVerifier([files["cut.gz"]]).verify() }
      let plain = try files.bytes("good")
      try files.write("cut", Array(plain.prefix(plain.count - 10)))
      #expect(try ExportVerifier([files["cut"]]).verify().verification.firstBad?.position == 40)
      let lines = try files.text("good").split(separator: "\n").prefix(30)
      try files.write("short", lines.joined(separator: "\n") + "\n")
      #expect(try ExportVerifier([files["short"]]).verify(against: head).comparison == .shorter)
      #expect(throws: LineFileError.self) { try ExportVerifier([files["missing"]]).verify() }
    }
  }

  @Test func `a log with a gap is not exported, and no half file is left`() async throws {
    let files = try Files()
    defer { files.remove() }
    try await withTestDatabase { database in
      try await log(database, 10)
      try await database.tamper("DELETE FROM kedge.log_order WHERE position = 4;")
      await #expect(throws: LogExportError(missing: 4)) { try await LogExport(database.client).write(to: files["x.gz"]) }
      #expect(try files.list().isEmpty)
    }
  }
}
