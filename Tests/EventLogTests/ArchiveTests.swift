import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Archiving` {
  /// A full partition and one that is not, and an event of the first that was committed late.
  private func log(_ database: TestDatabase) async throws {
    for number in 0..<30 { try await database.append("note/\(number % 4)", .note(number, key: "k\(number)")) }
    try await database.seal()
    try await database.client.withTransaction { late in
      try await EventStore(late).append([.note(100)], to: StreamName("note/late"), by: me)
      try await database.client.query("select setval('kedge.event_number', 10000000)")
      try await database.client.query("select kedge.extend_log()")
      for number in 30..<40 { try await database.append("note/\(number % 4)", .note(number)) }
      try await database.seal()
    }
    try await database.seal()
  }

  /// All that an auditor sees, and all that the log holds.
  private func everything(_ database: TestDatabase) async throws -> [String] {
    try await database.client.query("select e::text from audit.event e where e.stream <> 'log/archive' order by position", as: String.self)
      + database.client.query("select e::text from kedge.event e where e.stream <> 'log/archive' order by number", as: String.self)
  }

  private func indexes(_ database: TestDatabase) async throws -> [String] {
    try await database.client.query(
      """
      select pg_get_indexdef(x.indexrelid) || x.indisprimary || coalesce(i.inhparent::regclass::text, '') from pg_index x
      left join pg_inherits i on i.inhrelid = x.indexrelid where x.indrelid = 'kedge.event_0'::regclass order by 1
      """, as: String.self)
  }

  /// The table and its indexes, each with its tablespace.
  private func places(_ database: TestDatabase) async throws -> Set<String> {
    Set(
      try await database.client.query(
        """
        select coalesce((select spcname from pg_tablespace t where t.oid = c.reltablespace), 'default')::text from pg_class c
        where c.oid = 'kedge.event_0'::regclass or c.oid in (select indexrelid from pg_index where indrelid = 'kedge.event_0'::regclass)
        """, as: String.self))
  }

  private func partition(_ database: TestDatabase) async throws -> LogArchive.Partition {
    let partitions = try await LogArchive(database.client).partitions()
    #expect(partitions.map(\.name) == ["event_0"])
    return partitions[0]
  }

  @Test func `an archived partition lies elsewhere and is the same for every reader`() async throws {
    try await withTablespace { tablespace in
      try await withTestDatabase { database in
        try await log(database)
        let (before, indexed) = (try await everything(database), try await indexes(database))
        let archive = LogArchive(database.client)
        let destination = LogArchive.Destination(tablespace: tablespace, directory: nil)
        let record = try #require(try await archive.archive(partition(database), to: destination, by: me, because: "old"))
        #expect(record["partition"] == "event_0" && record["tablespace"]?.string == tablespace && record["reason"] == "old")
        #expect(try await places(database) == [tablespace])
        #expect(try await everything(database) == before)
        #expect(try await indexes(database) == indexed)
        #expect(try await database.client.query("select from pg_class where relname like '%\\_archived'").isEmpty)
        // Once.
        #expect(try await archive.archive(partition(database), to: destination, by: me) == nil)
        #expect(try await archive.records() == [record])

        // Everything goes on.
        #expect(try await database.store.read(StreamName("note/0")).count == 10)
        #expect(try await database.append("note/0", .note(0, key: "k0"))[0].version == 1)
        #expect(try await database.append("note/0", .note(50))[0].version == 11)
        try await database.seal()
        #expect(try await database.client.query("select kedge.extend_log()", as: Int.self) == [0])
        #expect(try await ChainVerifier(database.client).verify().isVerified)
        #expect(try await ChainVerifier(database.client).verifyInDatabase().events == 43)
        let app = try await database.makeClient(memberOf: "kedge_app")
        #expect(try await EventStore(app).read(StreamName("note/1")).count == 10)

        // Nothing can be changed, and nothing added.
        for change in [
          "update kedge.event_0 set actor = 'x'", "delete from kedge.event where number = 1", "truncate kedge.event_0", "truncate kedge.event",
          "delete from kedge.event_0 where number = 1", "insert into kedge.event_0 select * from kedge.event_0 limit 1",
          "insert into kedge.event (number, stream, version, type, schema, data, actor, principal, occurred_at, recorded_at) "
            + "values (77, 'a', 1, 'b', 1, '{}', 'c', 'd', now(), now())",
        ] {
          #expect(await sqlState { try await database.client.query(Query(unsafeSQL: change)) } == "23001", "\(change)")
          let replica = await sqlState {
            try await database.client.withTransaction {
              try await $0.query("set local session_replication_role = replica")
              try await $0.query(Query(unsafeSQL: change))
            }
          }
          #expect(replica == "23001", "\(change)")
        }
        let unwanted = await sqlState { try await app.query("select kedge.swap_partition('event_0')") }
        #expect(unwanted == .insufficientPrivilege)

        // And back.
        let back = try await archive.archive(partition(database), to: LogArchive.Destination(tablespace: "pg_default", directory: nil), by: me)
        #expect(back?["tablespace"] == "pg_default")
        #expect(try await places(database) == ["default"])
        #expect(try await ChainVerifier(database.client).verifyInDatabase().isVerified)
      }
    }
  }

  @Test func `a change in an archived partition is found`() async throws {
    try await withTablespace { tablespace in
      try await withTestDatabase { database in
        try await log(database)
        try await LogArchive(database.client).archive(partition(database), to: LogArchive.Destination(tablespace: tablespace, directory: nil), by: me)
        try await database.seal()
        try await database.tamper("UPDATE kedge.event SET actor = 'mallory' WHERE number = (SELECT event FROM kedge.log_order WHERE position = 7);")
        #expect(try await ChainVerifier(database.client).verify().firstBad?.position == 7)
        #expect(try await ChainVerifier(database.client).verifyInDatabase().firstBad?.position == 7)
      }
    }
  }

  @Test func `files follow each other and are the whole chain, also with an event that was committed late`() async throws {
    let files = try Files()
    defer { files.remove() }
    try await withTestDatabase { database in
      try await log(database)
      let archive = LogArchive(database.client)
      let destination = LogArchive.Destination(tablespace: nil, directory: files.path)
      let first = try #require(try await archive.archive(partition(database), to: destination, by: me))
      // The late one has position 41, after those of the next partition.
      #expect(first["from_position"] == 1 && first["to_position"] == 30)
      #expect(try await archive.archive(partition(database), to: destination, by: me) == nil)
      try await database.client.query("select setval('kedge.event_number', 20000000)")
      try await database.client.query("select kedge.extend_log()")
      try await database.append("note/0", .note())
      try await database.seal()
      let partitions = try await archive.partitions()
      #expect(partitions.map(\.name) == ["event_0", "event_1"])
      let second = try #require(try await archive.archive(partitions[1], to: destination, by: me))
      #expect(second["from_position"] == 31 && second["to_position"] == 42)
      try await database.seal()
      let names = try files.list()
      #expect(names == ["events-000000000001-000000000030.jsonl.gz", "events-000000000031-000000000042.jsonl.gz"])
      let report = try ExportVerifier(names.map { files[$0] }).verify()
      #expect(report.verification.isVerified && report.verification.events == 42)
      // The log itself says what is in the file, and so the chain does.
      let sealed = try await database.sealed().filter { $0.type == "log_archived" }
      #expect(sealed.map { $0.data["file"]?.string } == names.map { files[$0] })
      let sha256 = try await database.client.query("select encode(sha256(\(files.bytes(names[0]))), 'hex')", as: String.self)[0]
      #expect(sealed[0].data["sha256"]?.string == sha256)
    }
  }

  @Test func `what is not full, and what is not sealed, is not archived`() async throws {
    let files = try Files()
    defer { files.remove() }
    try await withTestDatabase { database in
      try await database.append("note/a", .note())
      #expect(try await LogArchive(database.client).partitions().isEmpty)
      #expect(await sqlState { try await database.client.query("select kedge.close_partition('event_0')") } == "55000")
      #expect(await sqlState { try await database.client.query("select kedge.close_partition('event_77')") } == "42P01")
      try await database.client.query("select setval('kedge.event_number', 10000000)")
      try await database.client.query("select kedge.extend_log()")
      let partition = try await partition(database)
      await #expect(throws: LogArchiveError.unsealed(partition: "event_0", events: 1)) {
        try await LogArchive(database.client).archive(partition, to: LogArchive.Destination(tablespace: nil, directory: files.path), by: me)
      }
      #expect(await sqlState { try await database.client.query("select kedge.copy_partition('event_1', 'pg_default')") } == "55000")
    }
  }

  @Test(arguments: LogArchive.Step.allCases) func `a server process that is killed at any step leaves the old state or the new one`(step: LogArchive.Step)
    async throws
  {
    struct Killed: Error {}
    let files = try Files()
    defer { files.remove() }
    try await withTablespace { tablespace in
      try await withTestDatabase { database in
        try await log(database)
        let before = try await everything(database)
        let client = database.makeClient()
        let archive = LogArchive(client)
        let destination = LogArchive.Destination(tablespace: tablespace, directory: files.path)
        await #expect(throws: (any Error).self) {
          try await archive.archive(partition(database), to: destination, by: me) { done in
            guard done == step else { return }
            try await database.client.query(
              "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
            throw Killed()
          }
        }
        let isNew = try await places(database) == [tablespace]
        #expect(isNew == (step == .committed || step == .frozen))
        #expect(try await everything(database) == before)
        #expect(try await database.client.query("select from pg_class where relname like '%\\_archived'").isEmpty)
        #expect(try await archive.records().count == (isNew ? 1 : 0))
        try await database.append("note/after", .note())
        try await database.seal()
        #expect(try await ChainVerifier(database.client).verifyInDatabase().isVerified)
        // Run again, it finishes; unless it had.
        let again = try await archive.archive(partition(database), to: destination, by: me)
        #expect((again == nil) == isNew)
        #expect(try await places(database) == [tablespace])
        #expect(try await archive.records().count == 1)
        #expect(try files.list() == ["events-000000000001-000000000030.jsonl.gz"])
        #expect(try ExportVerifier([files["events-000000000001-000000000030.jsonl.gz"]]).verify().verification.isVerified)
      }
    }
  }

  @Test func `writers and readers go on while a partition is copied, and none is lost`() async throws {
    try await withTablespace { tablespace in
      try await withTestDatabase { database in
        try await log(database)
        let archive = LogArchive(database.client)
        let partition = try await partition(database)
        let done = try await withThrowingTaskGroup(of: Int.self) { group in
          for writer in 0..<3 {
            let store = EventStore(database.makeClient())
            group.addTask {
              var count = 0
              while !Task.isCancelled {
                do {
                  try await store.append([.note(count)], to: StreamName("writer/\(writer)"), expecting: .exactly(Int64(count)), by: me)
                  count += 1
                  let read = try await store.read(StreamName("note/0"))
                  #expect(read.count == 10)
                } catch is CancellationError {
                  break
                }
              }
              return count
            }
          }
          for _ in 0..<5 {
            for place in [tablespace, "pg_default"] {
              let now = try await archive.partitions()[0]
              #expect(now.name == partition.name)
              _ = try await archive.archive(now, to: LogArchive.Destination(tablespace: place, directory: nil), by: me)
            }
          }
          group.cancelAll()
          return try await group.reduce(0, +)
        }
        try await database.seal()
        let written = try await database.value("select count(*) from kedge.event where stream like 'writer/%'", as: Int.self)
        // One more may have been committed when its writer was cancelled.
        #expect(written >= done && written <= done + 3)
        #expect(try await database.value("select count(*) from kedge.log_order", as: Int.self) == written + 41 + 10)
        #expect(try await ChainVerifier(database.client).verifyInDatabase().isVerified)
      }
    }
  }
}
