import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

struct CopyTests {
  private struct Undo: Error {}

  @Test func `rows go in typed and come out as bytes`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (id bigint, name text, data jsonb, at timestamptz, raw bytea, tags text[])")
      try await db.withConnection { connection in
        let count = try await connection.copyIn(into: "public.t", columns: ["id", "name", "data", "at", "raw", "tags"]) { writer in
          for number in 0..<10_000 {
            try await writer.write(
              number, number % 3 == 0 ? nil : "tab\tnew\nline \\ \(number)", ["n": .integer(Int64(number))] as JSON,
              Timestamp(microseconds: Int64(number)), [0, UInt8(truncatingIfNeeded: number)] as [UInt8], ["a,b", "\"\(number)"])
          }
        }
        #expect(count == 10_000)
        let (rows, names, sum) = try await connection.query(
          "select count(*), count(name), sum((data->>'n')::bigint) from t where tags[2] = '\"' || id and name is distinct from 'x'", as: Int.self, Int.self,
          Int.self)[0]
        #expect(rows == 10_000 && names == 6666 && sum == 49_995_000)
        var text = ""
        for try await piece in connection.copyOut("copy (select id, name from t where id < 3 order by id) to stdout (format csv)") {
          text += String(decoding: piece, as: UTF8.self)
        }
        #expect(text == "0,\n1,\"tab\tnew\nline \\ 1\"\n2,\"tab\tnew\nline \\ 2\"\n")
      }
    }
  }

  @Test func `bytes go in as they are, in pieces of any size`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      try await database.client.withConnection { connection in
        try await connection.query("create table t (x int, y text)")
        let csv = Array((0..<50_000).map { "\($0),\"größer \"\"\($0)\"\"\"\r\n" }.joined().utf8)
        let count = try await connection.copyIn("copy t from stdin (format csv)") { writer in
          var start = 0
          var size = 1
          while start < csv.count {
            try await writer.write(Array(csv[start..<min(csv.count, start + size)]))
            start += size
            size = size % 70_000 * 3 + 1
          }
        }
        #expect(count == 50_000)
        #expect(try await connection.query("select y from t where x = 49999", as: String.self) == ["größer \"49999\""])
      }
    }
  }

  @Test func `what throws copies nothing, and the connection goes on`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      try await database.client.withConnection { connection in
        try await connection.query("create table t (x bigint, y text, z int)")
        await #expect(throws: Undo.self) {
          try await connection.copyIn(into: "t", columns: ["x", "y"]) { writer in
            for number in 0..<100_000 { try await writer.write(number, "y") }
            throw Undo()
          }
        }
        await #expect(throws: PostgresEncodingError.self) {
          try await connection.copyIn(into: "t", columns: ["x", "y"]) { try await $0.write(1, "a\0b") }
        }
        await #expect { try await connection.copyIn(into: "t", columns: ["y", "z"]) { try await $0.write("y", 1) } } throws: {
          ($0 as? PostgresError)?.sqlState == .invalidBinaryRepresentation && ($0 as? PostgresError)?.context?.contains("column z") == true
        }
        await #expect { try await connection.copyIn(into: "t", columns: ["x", "nope"]) { try await $0.write(1, "y") } } throws: {
          ($0 as? PostgresError)?.sqlState == .undefinedColumn
        }
        await #expect { try await connection.copyIn("copy t from stdin (format csv)") { try await $0.write(Array("x,y\n".utf8)) } } throws: {
          ($0 as? PostgresError)?.sqlState == .invalidTextRepresentation
        }
        await #expect(throws: PostgresUsageError.self) { try await connection.copyIn("select 1") { try await $0.write([]) } }
        #expect(try await connection.query("select count(*) from t", as: Int.self) == [0])
      }
    }
  }

  @Test func `a million rows out are read piece by piece`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      try await database.client.withConnection { connection in
        var lines = 0
        var largest = 0
        for try await piece in connection.copyOut("copy (select g, 'some text' from generate_series(1, 300000) g) to stdout") {
          lines += piece.count { $0 == 0x0a }
          largest = max(largest, piece.count)
        }
        #expect(lines == 300_000)
        #expect(largest < 1 << 20)
      }
    }
  }

  @Test func `who stops reading stops the server, and the connection goes on`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      try await database.client.withConnection { connection in
        for try await _ in connection.copyOut("copy (select generate_series(1, 1000000000)) to stdout") { break }
        #expect(try await connection.query("select 1", as: Int.self) == [1])
        await #expect(throws: PostgresError.self) { for try await _ in connection.copyOut("copy (select 1 / 0) to stdout") {} }
        await #expect(throws: PostgresUsageError.self) { for try await _ in connection.copyOut("select 1") {} }
        #expect(try await connection.query("select 1", as: Int.self) == [1])
      }
    }
  }

  @Test func `cancelling ends a copy in either direction`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x bigint)")
      let copying = Task {
        try await db.withConnection { connection in
          try await connection.copyIn(into: "t", columns: ["x"]) { writer in while true { try await writer.write(1) } }
        }
      }
      let server = try TestDatabase.serverClient()
      #expect(
        try await eventually { try await server.query("select from pg_stat_activity where datname = \(database.name) and query like 'COPY%'").count == 1 })
      copying.cancel()
      await #expect(throws: CancellationError.self) { try await copying.value }
      let reading = Task {
        try await db.withConnection { connection in
          for try await _ in connection.copyOut("copy (select generate_series(1, 1000000000)) to stdout") {}
        }
      }
      #expect(
        try await eventually { try await server.query("select from pg_stat_activity where datname = \(database.name) and query like 'copy (%'").count == 1 })
      reading.cancel()
      await #expect(throws: CancellationError.self) { try await reading.value }
      #expect(try await db.query("select count(*) from t", as: Int.self) == [0])
    }
  }

  /// Nothing was sent, so nobody may wait for the answer: it once waited for ever, and kept its connection.
  @Test func `a task that is cancelled already begins no copy`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      try await database.client.withConnection { connection async throws in
        let reading = Task {
          withUnsafeCurrentTask { $0?.cancel() }
          for try await _ in connection.copyOut("copy (select 1) to stdout") {}
        }
        await #expect(throws: CancellationError.self) { try await reading.value }
        #expect(try await connection.query("select 1", as: Int.self) == [1])
      }
    }
  }

  @Test func `a connection lost in the middle of a copy is an error`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x bigint)")
      await #expect(throws: ConnectionLost.self) {
        try await db.withConnection { connection in
          try await connection.copyIn(into: "t", columns: ["x"]) { writer in
            for number in 0..<10_000_000 {
              try await writer.write(number)
              if number == 50_000 { try await db.query("select pg_terminate_backend(\(Int(connection.backendID))::int)") }
            }
          }
        }
      }
      #expect(try await db.query("select count(*) from t", as: Int.self) == [0])
    }
  }
}
