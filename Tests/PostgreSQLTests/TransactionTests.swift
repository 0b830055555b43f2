import Foundation
import Logging
import PostgreSQL
import TestSupport
import Testing
import Values

struct TransactionTests {
  @Test func `what a transaction did is there when its body returns`() async throws {
    try await withTestDatabase(.empty) { database in
      let db = database.client
      try await db.query("create table t (x int)")
      try await db.withTransaction { try await $0.query("insert into t values (1)") }
      #expect(try await db.query("select x from t", as: Int.self) == [1])
    }
  }
}
