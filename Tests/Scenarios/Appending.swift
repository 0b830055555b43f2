import EventLog
import Foundation
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Values

/// Writers that append under idempotency keys, send again whatever was not answered, and remember what was: what is acknowledged must be in the
/// log once, and nothing else.
final class Appending: Sendable {
  private struct State {
    var acknowledged: [AppendedEvent] = []
    var calls = 0
    var unanswered = 0
    var isOver = false
    /// Why a writer gave up: nothing that it should have sent again.
    var failure: (any Error)?
  }

  private let client: PostgresClient
  private let state = Mutex(State())

  private init(_ client: PostgresClient) { self.client = client }

  /// Calls that were acknowledged.
  var calls: Int { state.withLock { $0.calls } }
  /// Calls that broke off, and were sent again.
  var unanswered: Int { state.withLock { $0.unanswered } }
  /// Events that were acknowledged.
  var events: Int { state.withLock { $0.acknowledged.count } }

  /// Appends beside `body`, and then looks whether the log has what it should.
  static func run(writers: Int, seed: Seed = Seed(1), on client: PostgresClient, _ body: (Appending) async throws -> Void) async throws {
    let appending = Appending(client)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<writers {
        group.addTask {
          do {
            try await appending.write(writer, Seed(seed.value &* 1000 &+ UInt64(writer)))
          } catch {
            appending.state.withLock { $0.failure = $0.failure ?? error }
            throw error
          }
        }
      }
      do {
        try await body(appending)
        appending.state.withLock { $0.isOver = true }
        try await group.waitForAll()
      } catch {
        appending.state.withLock { $0.isOver = true }
        group.cancelAll()
        throw error
      }
    }
    try await appending.check()
  }

  /// Waits until so many more calls have been acknowledged.
  func waitForMore(_ count: Int) async throws {
    let wanted = calls + count
    let isThere = try await eventually(within: .seconds(600)) {
      if let failure = state.withLock({ $0.failure }) { throw failure }
      return calls >= wanted
    }
    try #require(isThere, "the writers do not get on: \(calls) calls, \(unanswered) unanswered")
  }

  private func write(_ writer: Int, _ seed: Seed) async throws {
    var random = seed.makeGenerator()
    var number = 0
    while !state.withLock({ $0.isOver }) {
      number += 1
      // Few streams, so that writers meet; now and then two at once.
      let first = Int.random(in: 0..<6, using: &random)
      let streams = Int.random(in: 0..<4, using: &random) == 0 ? [first, (first + 1) % 6] : [first]
      let appends = streams.map { stream in
        Append(
          stream: StreamName("load/\(stream)"), expected: .any,
          events: (0..<Int.random(in: 1...3, using: &random)).map {
            NewEvent(type: "note_added", data: ["writer": .integer(Int64(writer))], idempotencyKey: "\(writer)/\(number)/\(stream)/\($0)")
          })
      }
      try await send(appends, explicitly: Bool.random(using: &random))
    }
  }

  /// Sends it until it is acknowledged: as a statement of its own, or in a transaction.
  func send(_ appends: [Append], explicitly: Bool) async throws {
    let me = Attribution(actor: "writer")
    while true {
      do {
        let appended =
          explicitly
          ? try await client.withTransaction { try await EventStore($0).append(appends, by: me) } : try await EventStore(client).append(appends, by: me)
        state.withLock { state in
          state.calls += 1
          state.acknowledged += appended
        }
        return
      } catch let error where error is ConnectionLost || (error as? PostgresError)?.isRetryable == true {
        state.withLock { $0.unanswered += 1 }
      }
    }
  }

  private func check() async throws {
    let acknowledged = state.withLock { $0.acknowledged }
    let (ids, streams, versions) = (acknowledged.map(\.id), acknowledged.map(\.stream.text), acknowledged.map(\.version))
    let lost = try await client.query(
      """
      select count(*) from unnest(\(ids)::uuid[], \(streams)::text[], \(versions)::bigint[]) a (id, stream, version)
      left join kedge.event e on e.id = a.id and e.stream = a.stream and e.version = a.version where e.id is null
      """, as: Int.self)[0]
    let (all, distinct) = try await client.query(
      "select count(*), count(distinct (stream, idempotency_key)) from kedge.event where stream like 'load/%'", as: Int.self, Int.self)[0]
    #expect(lost == 0, "acknowledged events that are not in the log")
    #expect(Set(ids).count == ids.count, "an event was acknowledged to two calls")
    #expect(all == acknowledged.count, "events that nobody was told of, or that are missing")
    #expect(all == distinct, "events that are there twice")
  }
}
