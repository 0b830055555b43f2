import Logging
import PostgreSQL
import TestSupport
import Testing

struct PoolTests {
  @Test func `no more connections are open than allowed, however many ask`() async throws {
    var options = PostgresOptions()
    options.maximumConnections = 3
    options.acquireTimeout = .seconds(300)
    try await withTestDatabase(.empty, options: options) { database async throws in
      let db = database.client
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<200 { group.addTask { try await db.query("select \(number), pg_sleep(0.001)", as: Int.self, String.self)[0].0 } }
        var sum = 0
        for try await number in group { sum += number }
        #expect(sum == 199 * 100)
      }
      let open = try await db.query("select count(*) from pg_stat_activity where datname = \(database.name)", as: Int.self)
      #expect(open == [3])
    }
  }

  @Test func `who waits too long is told what to do`() async throws {
    var options = PostgresOptions()
    options.maximumConnections = 1
    options.acquireTimeout = .milliseconds(50)
    try await withTestDatabase(.empty, options: options) { database async throws in
      // On a busy machine connecting alone may take longer than the wait.
      #expect(try await eventually { (try? await database.client.query("select 1")) != nil })
      try await database.client.withConnection { _ in
        await #expect(throws: PostgresUsageError.poolExhausted(limit: 1, waited: .milliseconds(50))) { try await database.client.query("select 1") }
      }
      #expect(try await eventually { (try? await database.client.query("select 1")) != nil })
    }
  }

  @Test func `a connection that comes back in a transaction is not given to the next`() async throws {
    var options = PostgresOptions()
    options.maximumConnections = 1
    try await withTestDatabase(.empty, options: options) { database async throws in
      let db = database.client
      let first = try await db.withConnection { connection in
        try await connection.query("begin")
        return connection.backendID
      }
      let second = try await db.withConnection { connection in
        try await connection.query("create table t (x int)")
        return connection.backendID
      }
      #expect(first != second)
      #expect(try await db.query("select count(*) from t", as: Int.self) == [0])
    }
  }

  @Test func `connections that the server ends are noticed while idle, and made again`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<5 { group.addTask { try await db.query("select pg_sleep(0.05)") } }
        try await group.waitForAll()
      }
      let server = try TestDatabase.serverClient()
      try await server.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = \(database.name)")
      #expect(try await eventually { try await server.query("select from pg_stat_activity where datname = \(database.name)").isEmpty })
      // What was noticed is not used: at most the statements that raced with the news are lost.
      #expect(try await eventually { (try? await db.query("select 1", as: Int.self)) == [1] })
      for _ in 0..<20 { #expect(try await db.query("select 1", as: Int.self) == [1]) }
    }
  }

  @Test func `whoever asks while attempts to connect fail is told so, however many ask at that moment`() async throws {
    var options = PostgresOptions()
    options.waitForServer = .milliseconds(1)
    options.backoff = Backoff(first: .nanoseconds(1), longest: .nanoseconds(1))
    let client = PostgresClient("postgresql:///x?host=/nonexistent", options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<64 {
        group.addTask { for _ in 0..<50 { await #expect(throws: ConnectionLost.self) { try await client.query("select 1") } } }
      }
    }
    await client.close()
  }

  @Test func `a statement whose connection ends under it says that its outcome is unknown`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      let server = try TestDatabase.serverClient()
      let task = Task { try await db.query("select pg_sleep(600)") }
      #expect(
        try await eventually {
          try await server.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = \(database.name) and state = 'active'").count == 1
        })
      await #expect { try await task.value } throws: { error in
        guard let error = error as? ConnectionLost else { return false }
        return error.outcome == .unknown && error.cause?.sqlState == .adminShutdown
      }
    }
  }

  @Test func `a server that refuses is an error at once, and the password is not in it`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      for url in [
        database.url.replacing(database.name, with: "no_such_database"),
        try database.url(as: "no_such_role"),
        "postgresql://u:hunter2@/x?sslmode=nonsense", "postgresql://u:hunter2%zz@localhost/x", "postgresql://u:hunter2@[::1/x", "host",
      ] {
        let client = PostgresClient(url, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await #expect { try await client.query("select 1") } throws: { $0 is ConnectionRefused && !"\($0)".contains("hunter2") }
        await client.close()
      }
    }
  }

  @Test func `a server whose places are all taken is no refusal: one of them becomes free`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let role = "crowded_\(database.name)"
      try await database.client.query("create role \(unsafeSQL: role) login connection limit 0")
      let client = PostgresClient(try database.url(as: role), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let waiting = Task { try await client.query("select current_user", as: String.self) }
      // Long enough for an attempt or two to fail; were it a refusal, the task would end with it.
      try await Task.sleep(for: .milliseconds(300))
      try await database.client.query("alter role \(unsafeSQL: role) connection limit 1")
      #expect(try await waiting.value == [role])
      await client.close()
      try await database.client.query("drop role \(unsafeSQL: role)")
    }
  }

  @Test func `a server that is not there is waited for, for as long as one wants`() async throws {
    var options = PostgresOptions()
    options.waitForServer = .zero
    let client = PostgresClient("postgresql:///x?host=/nonexistent", options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    await #expect(throws: ConnectionLost.self) { try await client.query("select 1") }
    await client.close()
    options.waitForServer = .milliseconds(300)
    let patient = PostgresClient("postgresql:///x?host=/nonexistent", options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let clock = ContinuousClock()
    let start = clock.now
    await #expect(throws: ConnectionLost.self) { try await patient.query("select 1") }
    #expect(clock.now - start >= .milliseconds(300))
    await patient.close()
  }

  @Test func `a url of several hosts reaches the one that answers`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let url = database.url.replacing("host=", with: "host=/nonexistent,")
      let client = PostgresClient(url, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      #expect(try await client.query("select current_database()", as: String.self) == [database.name])
      await client.close()
    }
  }

  @Test func `a server that only reads is waited for when the url asks for one that writes, and is no refusal`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      // As on a standby before it is promoted.
      let admin = try TestDatabase.serverClient()
      try await admin.execute(unsafeScript: "ALTER DATABASE \(database.name) SET default_transaction_read_only = on", name: "alter database")
      let url = database.url + "&target_session_attrs=read-write"
      var options = PostgresOptions()
      options.waitForServer = .zero
      let hasty = PostgresClient(url, options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      await #expect(throws: ConnectionLost.self) { try await hasty.query("select 1") }
      await hasty.close()
      options.waitForServer = .seconds(600)
      options.acquireTimeout = .seconds(600)
      let patient = PostgresClient(url, options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      async let answer = patient.query("select 1", as: Int.self)
      try await admin.execute(unsafeScript: "ALTER DATABASE \(database.name) RESET default_transaction_read_only", name: "alter database")
      #expect(try await answer == [1])
      await patient.close()
    }
  }

  @Test func `what the url says wins over what the client would say`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let client = PostgresClient(database.url + "&application_name=mine", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      #expect(try await client.query("select current_setting('application_name')", as: String.self) == ["mine"])
      #expect(try await database.client.query("select current_setting('application_name')", as: String.self) == ["kedge"])
      await client.close()
    }
  }

  @Test func `a closed client closes its connections and takes nothing more`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let client = database.makeClient()
      try await client.query("select 1")
      await client.close()
      await #expect(throws: PostgresUsageError.closed) { try await client.query("select 1") }
      let server = try TestDatabase.serverClient()
      #expect(try await eventually { try await server.query("select from pg_stat_activity where datname = \(database.name)").isEmpty })
    }
  }

  @Test func `idle connections are closed after a while`() async throws {
    var options = PostgresOptions()
    options.idleTimeout = .milliseconds(50)
    try await withTestDatabase(.empty, options: options) { database async throws in
      try await database.client.query("select 1")
      let server = try TestDatabase.serverClient()
      #expect(try await eventually { try await server.query("select from pg_stat_activity where datname = \(database.name)").isEmpty })
      try await database.client.query("select 1")
    }
  }

  @Test func `the backoff doubles up to its limit`() {
    let backoff = Backoff()
    let limits = (0...9).map { backoff.limit(after: $0) }
    #expect(limits == [0, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000].map { .milliseconds($0) })
    #expect(backoff.delay(after: 3, fraction: 0) == .milliseconds(100))
    #expect(backoff.delay(after: 3, fraction: 1) == .milliseconds(200))
    #expect(backoff.limit(after: .max) == .seconds(5))
  }
}
