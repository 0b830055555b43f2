import PostgreSQL
import Synchronization
import TestSupport
import Testing

private struct Undo: Error {}

/// How often something happened.
private final class Count: Sendable {
  private let value = Atomic(0)
  func next() -> Int { value.add(1, ordering: .relaxed).newValue }
  var total: Int { value.load(ordering: .relaxed) }
}

struct TransactionTests {
  @Test func `what it did is there when its body returns, and gone when it throws`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x int)")
      try await db.withTransaction { try await $0.query("insert into t values (1)") }
      await #expect(throws: Undo.self) {
        try await db.withTransaction { transaction in
          try await transaction.query("insert into t values (2)")
          throw Undo()
        }
      }
      #expect(try await db.query("select x from t", as: Int.self) == [1])
    }
  }

  @Test func `it is READ COMMITTED, on one connection, and the server ends it when it idles`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      try await database.client.withTransaction(idleTimeout: .milliseconds(1500)) { transaction in
        let (isolation, timeout, first) = try await transaction.query(
          "select current_setting('transaction_isolation'), current_setting('idle_in_transaction_session_timeout'), pg_backend_pid()",
          as: String.self, String.self, Int.self)[0]
        #expect(isolation == "read committed" && timeout == "1500ms")
        #expect(try await transaction.query("select pg_backend_pid()", as: Int.self) == [first])
      }
      let after = try await database.client.query("select current_setting('idle_in_transaction_session_timeout')", as: String.self)
      #expect(after == ["0"])
    }
  }

  @Test func `a transaction that idles too long is ended by the server, says why, and runs again`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      let attempts = Count()
      try await db.query("create table t (x int)")
      try await db.withTransaction { transaction in
        try await transaction.query("insert into t values (1)")
        guard attempts.next() == 1 else { return }
        try await transaction.query("set local idle_in_transaction_session_timeout = '10ms'")
        let id = transaction.connection.backendID
        #expect(try await eventually { try await db.query("select from pg_stat_activity where pid = \(id)").isEmpty })
        do {
          try await transaction.query("select 1")
          Issue.record("the server should have ended the transaction")
        } catch let error as ConnectionLost {
          #expect(error.cause?.sqlState == .idleInTransactionTimeout && error.outcome == .nothingDone)
          throw error
        }
      }
      #expect(attempts.total == 2)
      #expect(try await db.query("select count(*) from t", as: Int.self) == [1])
    }
  }

  @Test func `after a deadlock the loser runs again`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.execute(unsafeScript: "create table t (id int primary key, n int); insert into t values (1, 0), (2, 0)", name: "setup")
      let attempts = Count()
      let meeting = Meeting()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (first, second) in [(1, 2), (2, 1)] {
          group.addTask {
            try await db.withTransaction { transaction in
              _ = attempts.next()
              try await transaction.query("set local deadlock_timeout = '10ms'")
              try await transaction.query("update t set n = n + 1 where id = \(first)")
              await meeting.meet()
              try await transaction.query("update t set n = n + 1 where id = \(second)")
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(attempts.total >= 3)
      #expect(try await db.query("select n from t order by id", as: Int.self) == [2, 2])
    }
  }

  @Test func `serialization failures are tried again, but not for ever`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      let attempts = Count()
      await #expect {
        try await db.withTransaction(retries: 2) { transaction in
          _ = attempts.next()
          try await transaction.execute(unsafeScript: "do $$ begin raise exception 'x' using errcode = '40001'; end $$", name: "fail")
        }
      } throws: { ($0 as? PostgresError)?.sqlState == .serializationFailure }
      #expect(attempts.total == 3)
    }
  }

  @Test func `a lost connection makes it run again, as nothing was done`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      let attempts = Count()
      try await db.query("create table t (x int)")
      try await db.withTransaction { transaction in
        try await transaction.query("insert into t values (1)")
        if attempts.next() == 1 { try await db.query("select pg_terminate_backend(\(Int(transaction.connection.backendID))::int)") }
        try await transaction.query("insert into t values (2)")
      }
      #expect(attempts.total == 2)
      #expect(try await db.query("select x from t order by x", as: Int.self) == [1, 2])
    }
  }

  @Test func `an error that was caught does not let it commit as if nothing had been`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x int)")
      await #expect(throws: PostgresUsageError.transactionAborted) {
        try await db.withTransaction { transaction in
          try await transaction.query("insert into t values (1)")
          _ = try? await transaction.query("select 1 / 0")
        }
      }
      #expect(try await db.query("select count(*) from t", as: Int.self) == [0])
    }
  }

  @Test func `a savepoint undoes a part`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x int primary key)")
      try await db.withTransaction { transaction in
        try await transaction.query("insert into t values (1)")
        await #expect(throws: PostgresError.self) {
          try await transaction.withSavepoint { inner in
            try await inner.query("insert into t values (2)")
            try await inner.query("insert into t values (1)")
          }
        }
        try await transaction.withSavepoint { _ = try await $0.query("insert into t values (3)") }
      }
      #expect(try await db.query("select x from t order by x", as: Int.self) == [1, 3])
    }
  }

  @Test func `a constraint that is checked at the end fails the commit`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x int primary key, y int references t deferrable initially deferred)")
      await #expect { try await db.withTransaction { try await $0.query("insert into t values (1, 2)") } } throws: {
        ($0 as? PostgresError)?.sqlState == .foreignKeyViolation && ($0 as? PostgresError)?.statement == "commit"
      }
      #expect(try await db.query("select count(*) from t", as: Int.self) == [0])
    }
  }

  @Test func `a transaction that has got out of its scope can do nothing`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let escaped = try await database.client.withTransaction { $0 }
      await #expect(throws: PostgresUsageError.scopeEnded) { try await escaped.query("select 1") }
    }
  }

  @Test func `a snapshot sees one state, and cannot write`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x int)")
      try await db.withTransaction(isolation: .readOnlySnapshot) { transaction in
        #expect(try await transaction.query("select count(*) from t", as: Int.self) == [0])
        try await db.query("insert into t values (1)")
        #expect(try await transaction.query("select count(*) from t", as: Int.self) == [0])
      }
      await #expect { try await db.withTransaction(isolation: .readOnlySnapshot) { try await $0.query("insert into t values (1)") } } throws: {
        ($0 as? PostgresError)?.sqlState == .readOnlyTransaction
      }
    }
  }
}

/// Two tasks wait here for each other, the first time.
private actor Meeting {
  private var waiter: CheckedContinuation<Void, Never>?
  private var isOver = false

  func meet() async {
    guard !isOver else { return }
    if let waiter {
      isOver = true
      waiter.resume()
    } else {
      await withCheckedContinuation { waiter = $0 }
    }
  }
}
