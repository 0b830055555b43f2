import PostgreSQL
import TestSupport
import Testing

/// How many server processes run a statement with this text in it.
func running(_ text: String, _ db: PostgresClient) async throws -> Int {
  try await db.query(
    "select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like \("%" + text + "%")", as: Int.self)[0]
}

struct CancellationTests {
  private static let one: PostgresOptions = {
    var options = PostgresOptions()
    options.maximumConnections = 1
    return options
  }()

  @Test func `cancelling a task stops its statement on the server, and the connection goes on`() async throws {
    try await withTestDatabase(.empty, options: CancellationTests.one) { database async throws in
      let watcher = try TestDatabase.serverClient()
      let before = try await database.client.query("select pg_backend_pid()", as: Int.self)
      for round in 0..<3 {
        let mark = "\(database.name)_\(round)"
        let task = Task { try await database.client.query("select pg_sleep(600), '\(unsafeSQL: mark)'") }
        #expect(try await eventually { try await running(mark, watcher) == 1 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { try await running(mark, watcher) == 0 })
      }
      #expect(try await database.client.query("select pg_backend_pid()", as: Int.self) == before)
    }
  }

  @Test func `cancelling within a transaction rolls it back, and the connection goes on`() async throws {
    try await withTestDatabase(.empty, options: CancellationTests.one) { database async throws in
      let watcher = try TestDatabase.serverClient()
      let db = database.client
      try await db.query("create table t (x int)")
      let before = try await db.query("select pg_backend_pid()", as: Int.self)
      let mark = "\(database.name)_t"
      let task = Task {
        try await db.withTransaction { transaction in
          try await transaction.query("insert into t values (1)")
          try await transaction.query("select pg_sleep(600), '\(unsafeSQL: mark)'")
        }
      }
      #expect(try await eventually { try await running(mark, watcher) == 1 })
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try await db.query("select count(*) from t", as: Int.self) == [0])
      #expect(try await db.query("select pg_backend_pid()", as: Int.self) == before)
    }
  }

  @Test func `what is run by a cancelled task is never sent`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x int)")
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        try await db.query("insert into t values (1)")
      }
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try await db.query("select count(*) from t", as: Int.self) == [0])
    }
  }

  @Test func `cancelling what waits for a connection lets the next one have it`() async throws {
    try await withTestDatabase(.empty, options: CancellationTests.one) { database async throws in
      let db = database.client
      try await db.withConnection { _ in
        let waiting = Task { try await db.query("select 1") }
        let next = Task { try await db.query("select 2", as: Int.self) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        next.cancel()
        await #expect(throws: CancellationError.self) { try await next.value }
      }
      #expect(try await db.query("select 3", as: Int.self) == [3])
    }
  }

  @Test func `cancelling what queues behind another on one connection leaves that one alone`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      try await database.client.withConnection { connection in
        async let first = connection.query("select pg_sleep(0.2), 1")
        let second = Task { try await connection.query("select 2") }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        let count = try await first.count
        #expect(count == 1)
      }
    }
  }

  @Test func `a cancellation that comes too late never hits the next statement`() async throws {
    try await withTestDatabase(.empty, options: CancellationTests.one) { database async throws in
      let db = database.client
      for round in 0..<60 {
        let task = Task { try await db.query("select pg_sleep(0.0005 * \(round % 5))") }
        let canceller = Task { task.cancel() }
        _ = await task.result
        await canceller.value
        #expect(try await db.query("select count(*) from generate_series(1, 2000)", as: Int.self) == [2000])
      }
    }
  }

  @Test func `a group that fails cancels its other statements`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let watcher = try TestDatabase.serverClient()
      let db = database.client
      await #expect(throws: PostgresError.self) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<5 { group.addTask { try await db.query("select pg_sleep(600), \(number), '\(unsafeSQL: database.name)'") } }
          group.addTask { try await db.query("select 1 / 0") }
          for try await _ in group {}
        }
      }
      #expect(try await eventually { try await running(database.name, watcher) == 0 })
    }
  }
}
