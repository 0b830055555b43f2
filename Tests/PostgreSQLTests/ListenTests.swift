import PostgreSQL
import TestSupport
import Testing

struct ListenTests {
  @Test func `what is said on a channel arrives, in order, with who said it`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      var iterator = db.listen("Some Channel").makeAsyncIterator()
      #expect(await iterator.next()?.kind == .listening)
      let sender = try await db.withConnection { connection in
        for number in 0..<50 { try await connection.query("select pg_notify('Some Channel', \("\(number)"))") }
        return connection.backendID
      }
      for number in 0..<50 {
        let notification = await iterator.next()
        #expect(notification == Notification(kind: .sent(by: sender), channel: "Some Channel", payload: "\(number)"))
      }
    }
  }

  @Test func `each channel has its listeners, and those who leave cost nothing`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      var first = db.listen("a").makeAsyncIterator()
      var second = db.listen("a").makeAsyncIterator()
      var other = db.listen("b").makeAsyncIterator()
      #expect(await first.next()?.kind == .listening)
      #expect(await second.next()?.kind == .listening)
      #expect(await other.next()?.kind == .listening)
      do {
        var leaving = db.listen("c").makeAsyncIterator()
        #expect(await leaving.next()?.channel == "c")
      }
      try await db.query("select pg_notify('a', '1'), pg_notify('b', '2'), pg_notify('c', '3')")
      #expect(await first.next()?.payload == "1")
      #expect(await second.next()?.payload == "1")
      #expect(await other.next()?.payload == "2")
      let count = try await db.query(
        "select count(*) from pg_stat_activity where datname = \(database.name) and query like '%LISTEN%' and pid <> pg_backend_pid()", as: Int.self)
      #expect(count == [1])
    }
  }

  @Test func `after its connection is lost it listens again and says so`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      var iterator = db.listen("a").makeAsyncIterator()
      for _ in 0..<3 {
        #expect(await iterator.next()?.kind == .listening)
        try await db.query("select pg_notify('a', 'x')")
        #expect(await iterator.next()?.payload == "x")
        try await db.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = \(database.name) and query like 'LISTEN%'")
      }
      #expect(await iterator.next()?.kind == .listening)
    }
  }

  @Test func `closing the client ends it, and so does cancelling the task`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let client = database.makeClient()
      let listener = Task {
        var count = 0
        for await _ in client.listen("a") { count += 1 }
        return count
      }
      var other = client.listen("a").makeAsyncIterator()
      #expect(await other.next() != nil)
      listener.cancel()
      _ = await listener.value
      await client.close()
      #expect(await other.next() == nil)
      var late = client.listen("a").makeAsyncIterator()
      #expect(await late.next() == nil)
    }
  }

  @Test func `when listening is off nothing connects and the sequence is silent until the client closes`() async throws {
    var options = PostgresOptions()
    options.listening = false
    try await withTestDatabase(.empty, options: options) { database async throws in
      let client = database.makeClient(options: options)
      var iterator = client.listen("a").makeAsyncIterator()
      try await client.query("select pg_notify('a', 'x')")
      #expect(try await client.query("select from pg_stat_activity where datname = \(database.name)").count == 1)
      await client.close()
      #expect(await iterator.next() == nil)
    }
  }
}
