internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

/// What a command is about to change.
struct Target {
  /// The stream whose version `--expected-version` means.
  let stream: String
  /// What is answered as `id`.
  let id: String
  /// The event that is answered.
  var cause: Cause?

  init(stream: String, id: String, cause: Cause? = nil) {
    self.stream = stream
    self.id = id
    self.cause = cause
  }
}

/// What was changed.
struct Changed {
  struct Event {
    let id: UUID?
    let stream: String
    let version: Int64?
    let fact: Fact
  }

  let id: String
  let events: [Event]
  /// Appended by an earlier call with the same key.
  var isReplay = false
}

/// Decides on what the streams say at this moment and appends at the versions that were read.
struct Change {
  let common: CommonOptions
  let writing: WritingOptions

  /// How often it is decided anew when somebody else was faster.
  static let attempts = 5

  /// - Parameters:
  ///   - find: what is meant.
  ///   - types: the types of event with which this command's events begin: those that the same idempotency key may stand for.
  ///   - decide: records facts in the session; a refusal changes nothing.
  func make(
    _ client: PostgresClient, types: Set<String>, find: (Transaction) async throws -> Target,
    decide: (inout DecisionSession, Target, Transaction) async throws -> Void
  ) async throws -> Changed {
    var attempt = 1
    while true {
      do {
        let changed = try await client.withTransaction { try await once($0, types, find, decide) }
        // Only a hint, that it be sealed at once: what was appended stands without it.
        if !writing.dryRun { _ = try? await EventStore(client).hintAppended() }
        return changed
      } catch let conflict as VersionConflict {
        guard writing.expectedVersion == nil, attempt < Change.attempts else { throw conflict }
        attempt += 1
      }
    }
  }

  private func once(
    _ transaction: Transaction, _ types: Set<String>, _ find: (Transaction) async throws -> Target,
    _ decide: (inout DecisionSession, Target, Transaction) async throws -> Void
  ) async throws -> Changed {
    let target = try await find(transaction)
    if let key = writing.idempotencyKey, let earlier = try await replay(key, target, types, transaction) { return earlier }
    var session = DecisionSession(transaction)
    try await decide(&session, target, transaction)
    let decided = session.decided
    if writing.dryRun || decided.isEmpty {
      return Changed(id: target.id, events: decided.map { Changed.Event(id: nil, stream: $0.stream, version: nil, fact: $0.fact) })
    }
    let attribution = Attribution(actor: writing.name, principal: nil, correlation: target.cause?.correlation, causation: target.cause?.event)
    let appended = try await session.append(
      by: attribution, key: writing.idempotencyKey, expecting: writing.expectedVersion.map { [target.stream: $0] } ?? [:])
    try await Note(writing: writing).append(on: target.stream, because: appended, saying: decided.map(\.fact), by: attribution, transaction)
    return Changed(
      id: target.id,
      events: zip(appended, decided).map { Changed.Event(id: $0.id, stream: $0.stream.text, version: $0.version, fact: $1.fact) })
  }

  /// What the key has appended before.
  private func replay(_ key: String, _ target: Target, _ types: Set<String>, _ transaction: Transaction) async throws -> Changed? {
    let first = try await transaction.query(
      "select id from kedge.event where stream = \(target.stream) and idempotency_key = \(key + "/0")"
    ).first.map { try $0.decode(UUID.self, at: 0) }
    guard first != nil else { return nil }
    var events: [Changed.Event] = []
    for event in try await EventStore(transaction).read(StreamName(target.stream), after: 0, limit: .max) {
      guard let own = event.idempotencyKey, own.hasPrefix(key + "/"), Int(own.dropFirst(key.utf8.count + 1)) != nil, let record = try FactRecord(event)
      else { continue }
      events.append(Changed.Event(id: event.id, stream: target.stream, version: event.version, fact: record.fact))
    }
    guard let type = events.first?.fact.type, types.contains(type) else {
      throw Refusal.conflict("the idempotency key \(key) stands for another command on \(target.stream) already; use a new one")
    }
    return Changed(id: target.id, events: events, isReplay: true)
  }

  /// Says what was changed.
  /// - Parameter line: for people.
  func report(_ changed: Changed, _ line: @autoclosure () -> String) throws {
    if writing.dryRun { return try reportPlan(changed) }
    Renderer(format: common.output).document(
      [
        "id": .string(changed.id),
        "events": .array(
          changed.events.map {
            ["id": JSON($0.id?.lowercased), "stream": .string($0.stream), "version": JSON($0.version.map(Int.init)), "type": .string($0.fact.type)]
          }),
      ]
    ) {
      if common.output == .name { return changed.id }
      if common.quiet { return "" }
      return changed.events.isEmpty ? "nothing to do" : changed.isReplay ? line() + " (already, under this key)" : line()
    }
  }

  private func reportPlan(_ changed: Changed) throws {
    let events = try changed.events.map { (stream: $0.stream, type: $0.fact.type, data: try $0.fact.data()) }
    Renderer(format: common.output).document(
      [
        "id": .string(changed.id), "dry_run": true,
        "events": .array(events.map { ["stream": .string($0.stream), "type": .string($0.type), "data": $0.data] }),
      ]
    ) {
      events.isEmpty ? "nothing would be appended" : events.map { "would append \($0.type) to \($0.stream): \($0.data)" }.joined(separator: "\n")
    }
  }
}
