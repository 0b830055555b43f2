import Foundation
import PostgreSQL
import TestSupport
import Testing

@testable import Migrations

@Suite struct `Migrations` {
  @Test func `the list holds every file of the folder`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../migrations").standardized
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)).compactMap { $0 as? URL }
      .filter { $0.pathExtension == "sql" }
      .map { String($0.standardized.path.dropFirst(folder.path.count + 1)) }
    #expect(Migration.all.map(\.path).sorted() == files.sorted())
    for migration in Migration.all {
      #expect(try migration.script == String(contentsOf: folder.appending(path: migration.path), encoding: .utf8), "\(migration.path)")
    }
  }

  @Test func `a second run finds nothing to do`() async throws {
    try await withTestDatabase(.empty) { database in
      let steps = try await Migrator(database.client).migrate()
      #expect(steps.map(\.path) == Migration.all.map(\.path))
      #expect(try await Migrator(database.client).migrate() == [])
    }
  }

  @Test func `two places may migrate at once, in one database and in several of one cluster`() async throws {
    try await withTestDatabase(.empty) { one in
      try await withTestDatabase(.empty) { two in
        let did = try await withThrowingTaskGroup(of: Int.self) { group in
          for client in [one.client, one.makeClient(), two.client, two.makeClient()] {
            group.addTask { try await Migrator(client).migrate().count }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(did.sorted() == [0, 0, Migration.all.count, Migration.all.count])
      }
    }
  }

  @Test func `a dry run tells the steps and does nothing`() async throws {
    try await withTestDatabase(.empty) { database in
      #expect(try await Migrator(database.client).migrate(dryRun: true).count == Migration.all.count)
      let exists = try await database.client.query("select to_regnamespace('kedge') is not null", as: Bool.self)
      #expect(exists == [false])
    }
  }

  @Test func `a changed old migration is an error that names it`() async throws {
    try await withTestDatabase(.empty) { database in
      let before = [Migration("m0001_a.sql", .numbered, script: "CREATE TABLE kedge.a (x int)")]
      try await Migrator(database.client, migrations: before).migrate()
      let after = [Migration("m0001_a.sql", .numbered, script: "CREATE TABLE kedge.a (y int)")]
      let error = await #expect(throws: MigrationError.self) { try await Migrator(database.client, migrations: after).migrate() }
      #expect(error == .changed(path: "m0001_a.sql", applied: before[0].checksum, now: after[0].checksum))
      #expect("\(try #require(error))".hasPrefix("migrations/m0001_a.sql has changed since it was applied"))
    }
  }

  @Test func `a changed function is replaced, and rights are granted again`() async throws {
    try await withTestDatabase(.empty) { database in
      func migrations(_ number: Int) -> [Migration] {
        [
          Migration("m0001_a.sql", .numbered, script: "CREATE TABLE kedge.a (x int)"),
          Migration("functions/f.sql", .object, script: "CREATE OR REPLACE FUNCTION kedge.f() RETURNS int LANGUAGE sql RETURN \(number)"),
          Migration("roles/g.sql", .always, script: "INSERT INTO kedge.a VALUES (1)"),
        ]
      }
      try await Migrator(database.client, migrations: migrations(1)).migrate()
      let steps = try await Migrator(database.client, migrations: migrations(2)).migrate()
      #expect(steps.map(\.description) == ["replace functions/f.sql", "replace roles/g.sql"])
      let (f, runs) = try #require(try await database.client.query("select kedge.f(), (select count(*) from kedge.a)").first).decode(Int.self, Int.self)
      #expect(f == 2 && runs == 2)
    }
  }

  @Test func `a database of a later version is refused`() async throws {
    try await withTestDatabase(.empty) { database in
      let one = Migration("m0001_a.sql", .numbered, script: "SELECT 1")
      let two = Migration("m0002_b.sql", .numbered, script: "SELECT 1")
      try await Migrator(database.client, migrations: [one, two]).migrate()
      await #expect(throws: MigrationError.databaseIsNewer(path: "m0002_b.sql")) {
        try await Migrator(database.client, migrations: [one]).migrate()
      }
    }
  }

  @Test func `a mistake in one file leaves nothing behind and is named`() async throws {
    try await withTestDatabase(.empty) { database in
      let broken = [
        Migration("m0001_a.sql", .numbered, script: "CREATE TABLE kedge.a (x int)"), Migration("m0002_b.sql", .numbered, script: "CREATE TABL"),
      ]
      let error = await #expect(throws: PostgresError.self) { try await Migrator(database.client, migrations: broken).migrate() }
      #expect(error?.statement == "migrations/m0002_b.sql")
      let exists = try await database.client.query("select to_regnamespace('kedge') is not null", as: Bool.self)
      #expect(exists == [false])
    }
  }

  @Test func `whatever an auditor may see has a comment`() async throws {
    try await withTestDatabase { database in
      let missing = try await database.client.query(
        """
        select 'view column ' || c.relname || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace = 'audit'::regnamespace and col_description(c.oid, a.attnum) is null
        union all select 'relation ' || c.oid::regclass from pg_class c
        where c.relnamespace in ('audit'::regnamespace, 'kedge'::regnamespace) and c.relkind in ('r', 'p', 'v') and obj_description(c.oid) is null
        union all select 'function ' || p.oid::regprocedure from pg_proc p
        where p.pronamespace in ('audit'::regnamespace, 'kedge'::regnamespace) and obj_description(p.oid) is null
        """, as: String.self)
      #expect(missing.isEmpty)
    }
  }
}
