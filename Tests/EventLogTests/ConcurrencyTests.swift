import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Concurrency` {
  /// Issue 2: 8 processes appending to 50 streams with random aborts while 3 followers read.
  @Test(arguments: Seed.batch(2))
  func `of what 8 writers append with random aborts, 3 followers miss nothing and see nothing twice`(seed: Seed) async throws {
    struct Aborted: Error {}
    var options = PostgresOptions()
    options.maximumConnections = 30
    try await withTestDatabase(options: options) { database in
      try await Collector.prepare(database.client)
      let followers = (0..<3).map { Collector("follower\($0)") }
      let acknowledged = try await withThrowingTaskGroup(of: [UUID].self) { group in
        let signal = LogSignal()
        let background = Task {
          await withTaskGroup(of: Void.self) { group in
            group.addTask { await Sealer(database.client, holder: "sealer", signal: signal, logger: quiet).run() }
            for follower in followers {
              group.addTask { await FollowerRunner([follower], on: database.client, holder: follower.name, signal: signal, logger: quiet).run() }
            }
          }
        }
        for writer in 0..<8 {
          group.addTask {
            var random = Seed(seed.value &* 1000 &+ UInt64(writer)).makeGenerator()
            // A connection of its own: a process, as the database sees it.
            let client = database.makeClient()
            var acknowledged: [UUID] = []
            for turn in 0..<40 {
              let streams = (0..<Int.random(in: 1...3, using: &random)).map { _ in StreamName("note/\(Int.random(in: 0..<50, using: &random))") }
              let fate = Int.random(in: 0..<10, using: &random)
              do {
                acknowledged += try await client.withTransaction(retries: 10) { transaction in
                  if fate < 2 { try await transaction.query("select pg_current_xact_id()") }
                  var appended: [AppendedEvent] = []
                  for stream in streams {
                    let append = { (database: Transaction) in
                      try await EventStore(database).append([.note(turn), .note(-turn)], to: stream, by: Attribution(actor: "writer\(writer)"))
                    }
                    if fate == 2 {
                      try? await transaction.withSavepoint { savepoint in
                        _ = try await append(savepoint)
                        throw Aborted()
                      }
                    }
                    appended += try await append(transaction)
                  }
                  if fate == 3 { throw Aborted() }
                  return appended.map(\.id)
                }
              } catch is Aborted {}
            }
            await client.close()
            return acknowledged
          }
        }
        let acknowledged = try await group.reduce(into: []) { $0 += $1 }
        let reached = try await eventually {
          let least = try await database.client.query("select min(position) from kedge.follower", as: Int64?.self)[0]
          return least == Int64(acknowledged.count)
        }
        #expect(reached, "\(seed)")
        background.cancel()
        await background.value
        return acknowledged
      }
      #expect(acknowledged.count > 500)
      let sealed = try await database.sealed()
      #expect(sealed.map(\.position) == (1...Int64(acknowledged.count)).map { $0 }, "\(seed): gapless")
      #expect(Set(sealed.map(\.id)) == Set(acknowledged), "\(seed): none missed, none but what was acknowledged")
      for (stream, events) in Dictionary(grouping: sealed, by: \.stream) {
        #expect(events.map(\.version) == (1...Int64(events.count)).map { $0 }, "\(seed): order of \(stream)")
      }
      for follower in followers {
        #expect(try await follower.collected(database.client) == sealed.compactMap(\.position), "\(seed): \(follower.name)")
      }
      #expect(try await ChainVerifier(database.client).verify().isVerified)
    }
  }
}
