import PostgreSQL
import TestSupport
import Testing

struct DisturbanceTests {
  /// What may come of a statement that is disturbed.
  private static func isExpected(_ error: any Error) -> Bool {
    switch error {
    case is CancellationError, is ConnectionLost: true
    case let error as PostgresError: error.sqlState == .divisionByZero
    default: false
    }
  }

  @Test(arguments: Seed.batch(4))
  func `nobody ever gets another's answer, whatever is cancelled, ended or fails beside it`(seed: Seed) async throws {
    var options = PostgresOptions()
    options.maximumConnections = 5
    options.maximumPreparedStatements = 4
    options.acquireTimeout = .seconds(300)
    try await withTestDatabase(.empty, options: options) { database async throws in
      let db = database.client
      let tasks = (0..<16).map { worker in
        Task {
          var random = Seed(seed.value * 1000 + UInt64(worker)).makeGenerator()
          var answers = 0
          for step in 0..<40 {
            let mark = worker * 1_000_000 + step
            let kind = Int.random(in: 0..<8, using: &random)
            let delay = Duration.microseconds(Int.random(in: 0...3000, using: &random))
            let asking = Task { try await DisturbanceTests.ask(db, kind, mark) }
            if Bool.random(using: &random) {
              try await Task.sleep(for: delay)
              asking.cancel()
            }
            switch await asking.result {
            case .success(let answer):
              #expect(answer == mark)
              answers += 1
            case .failure(let error): #expect(DisturbanceTests.isExpected(error), "\(error)")
            }
          }
          return answers
        }
      }
      let server = try TestDatabase.serverClient()
      for _ in 0..<10 {
        try await Task.sleep(for: .milliseconds(20))
        try await server.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = \(database.name) order by random() limit 1")
      }
      var answers = 0
      for task in tasks { answers += try await task.value }
      #expect(answers > 0)
      #expect(try await db.query("select \(seed.value.description)::text", as: String.self) == [seed.value.description])
    }
  }

  private static func ask(_ db: PostgresClient, _ kind: Int, _ mark: Int) async throws -> Int {
    switch kind {
    case 0: try await db.query("select \(mark)", as: Int.self)[0]
    case 1: try await db.query("select \(mark), pg_sleep(0.002)", as: Int.self, String.self)[0].0
    case 2: try await db.query("select \(mark) / (0 * \(mark))", as: Int.self)[0]
    case 3: try await db.pipeline((0..<20).map { "select \(mark + $0) - \($0)" }).last?[0].decode(Int.self) ?? -1
    case 4: try await db.pipeline(["select 1", "select 1 / 0", "select \(mark)"])[2][0].decode(Int.self)
    case 5:
      try await db.withTransaction { transaction in
        try await transaction.query("select \(mark), pg_sleep(0.001)")
        return try await transaction.query("select \(mark)", as: Int.self)[0]
      }
    case 6:
      try await db.withConnection { connection in
        for try await piece in connection.copyOut("copy (select generate_series(1, 100000)) to stdout") where piece.count > 200_000 { break }
        return try await connection.query("select \(mark)", as: Int.self)[0]
      }
    default:
      try await db.withConnection { connection in
        async let other = connection.query("select \(-mark)", as: Int.self)[0]
        let answer = try await connection.query("select \(mark)", as: Int.self)[0]
        return try await other == -mark ? answer : -1
      }
    }
  }
}
