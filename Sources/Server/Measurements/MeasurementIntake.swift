internal import Crypto
internal import EventLog
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Lifecycle
internal import Logging
internal import PostgreSQL
internal import Projections
internal import Values

/// Takes measurements that were made elsewhere into the log, as a measurer's own: the same decision, the same event, and so the same alerts.
///
/// All of a request or nothing. The same measurement sent again is appended once.
struct MeasurementIntake: Sendable {
  let database: PostgresClient
  let access: AccessControl
  let maximumBytes: Int
  let logger: Logger

  /// Measurements of one request.
  private static let most = 1000
  /// How often is decided anew when somebody else appended to a monitor meanwhile.
  private static let attempts = 10

  func answer(_ request: Request) async throws -> Response {
    let caller = try await access.caller(request, atLeast: .operator)
    let posted = try read(try await request.body.collect(upTo: maximumBytes))
    let correlation = try correlation(request)
    let attribution = Attribution(actor: caller.name, principal: caller.principal, correlation: correlation, causation: nil)
    var attempt = 1
    while true {
      do {
        let items = try await database.withTransaction { try await append(posted, attribution, $0) }
        // Only a hint, that it be sealed at once.
        _ = try? await EventStore(database).hintAppended()
        let isNew = items.contains { $0["replayed"]?.bool == false }
        logger.info(
          "measurements posted",
          metadata: ["by": "\(caller.principal)", "count": "\(items.count)", "correlation": "\(correlation.lowercased)", "new": "\(isNew)"])
        return Response.json(["items": .array(items), "correlation_id": .string(correlation.lowercased)], status: isNew ? .created : .ok)
      } catch let conflict as VersionConflict {
        guard attempt < MeasurementIntake.attempts else { throw conflict }
        attempt += 1
      }
    }
  }

  /// One measurement, or a list of them.
  private func read(_ body: ByteBuffer) throws -> [PostedMeasurement] {
    let text = String(buffer: body)
    let json: JSON
    do { json = try JSON(parsing: text) } catch { throw Problem(.badRequest, "the body is no JSON: \(error)") }
    guard let list = json.array else { return [try PostedMeasurement(json, place: "the measurement")] }
    guard (1...MeasurementIntake.most).contains(list.count) else {
      throw Problem(.unprocessableContent, "\(list.count) measurements: expected 1 to \(MeasurementIntake.most) in one request")
    }
    return try list.enumerated().map { try PostedMeasurement($1, place: "measurement \($0 + 1)") }
  }

  /// The id under which the whole story can be followed: the client's own, or a new one.
  private func correlation(_ request: Request) throws -> UUID {
    guard let text = request.headers[.correlationID] else { return UUID() }
    guard let id = UUID(uuidString: text) else { throw Problem(.badRequest, "X-Correlation-Id: expected a UUID") }
    return id
  }

  private struct Decided {
    let stream: String
    let key: String
    let fact: MeasurementRecorded
  }

  private func append(_ posted: [PostedMeasurement], _ attribution: Attribution, _ transaction: Transaction) async throws -> [JSON] {
    var session = DecisionSession(transaction)
    var states: [String: MonitorState] = [:]
    var decided: [Decided] = []
    for (place, measurement) in posted.enumerated() {
      let stream = "monitor/\(measurement.monitor)"
      var state = states[stream] ?? MonitorState()
      if states[stream] == nil { state = try await session.load(MonitorState.self, stream) }
      guard let specification = state.specification else { throw Refusal.unknown("there is no monitor \(measurement.monitor)") }
      let plain = measurement.measurement(driftShare: specification.tests.driftShare)
      guard case .measurementRecorded(let fact) = try state.record(plain) else { continue }
      let key = try measurement.idempotencyKey ?? "posted/\(MeasurementIntake.digest(plain))"
      decided.append(Decided(stream: stream, key: key, fact: fact))
      // The next one of this request comes after it.
      state.evolve(
        FactRecord(
          .measurementRecorded(fact), id: UUID(), stream: stream, version: Int64(place), position: nil, actor: attribution.actor,
          principal: attribution.principal ?? "", at: fact.window.endAt, correlation: attribution.correlation))
      states[stream] = state
    }
    let earlier = try await replayed(decided, transaction)
    let new = decided.indices.filter { earlier[$0] == nil }
    var appends: [Append] = []
    for (stream, indices) in Dictionary(grouping: new, by: { decided[$0].stream }).sorted(by: { $0.key < $1.key }) {
      let events = try indices.map { index in
        let fact = Fact.measurementRecorded(decided[index].fact)
        return NewEvent(type: fact.type, schema: fact.schema, data: try fact.data(), idempotencyKey: decided[index].key)
      }
      appends.append(Append(stream: StreamName(stream), expected: .exactly(session.version(of: stream) ?? 0), events: events))
    }
    let appended = appends.isEmpty ? [] : try await EventStore(transaction).append(appends, by: attribution)
    var ids = earlier
    var next: [String: [UUID]] = Dictionary(grouping: appended, by: \.stream.text).mapValues { $0.map(\.id) }
    for index in new { ids[index] = next[decided[index].stream]?.removeFirst() }
    return decided.enumerated().map { index, decided in
      let fact = decided.fact
      return [
        "id": JSON(ids[index]?.lowercased), "monitor": .string(String(decided.stream.dropFirst("monitor/".count))),
        "window": [
          "id": .string(fact.window.id.description), "start_at": JSON(fact.window.startAt), "end_at": JSON(fact.window.endAt),
          "source": .string(fact.window.source),
        ],
        "part": .string(fact.part.rawValue), "drift": (try? fact.drift.map { try JSON(encoding: $0) }) ?? .null, "late": .bool(fact.late),
        "inconclusive": .bool(fact.inconclusive), "replayed": .bool(earlier[index] != nil),
      ]
    }
  }

  /// The events that were appended under the same keys before, by place.
  /// - Throws: `Problem` when a key stands for another measurement.
  private func replayed(_ decided: [Decided], _ transaction: Transaction) async throws -> [Int: UUID] {
    let rows = try await transaction.query(
      """
      select e.stream::text, e.idempotency_key::text, e.id, e.data from unnest(\(decided.map(\.stream)), \(decided.map(\.key))) n (stream, key)
        join kedge.idempotency_key k on k.stream = n.stream and k.key = n.key join kedge.event e on e.number = k.event
      """, as: String.self, String.self, UUID.self, JSON.self)
    let known = Dictionary(rows.map { ("\($0.0)\n\($0.1)", ($0.2, $0.3)) }) { first, _ in first }
    var found: [Int: UUID] = [:]
    for (index, decided) in decided.enumerated() {
      guard let (id, data) = known["\(decided.stream)\n\(decided.key)"] else { continue }
      guard var earlier: MeasurementRecorded = try? data.decode() else { throw Problem(.conflict, "idempotency_key: it stands for something else already") }
      // What was decided then may be decided otherwise now.
      (earlier.late, earlier.inconclusive) = (decided.fact.late, decided.fact.inconclusive)
      guard earlier == decided.fact else {
        throw Problem(.conflict, "idempotency_key: it stands for another measurement of \(decided.stream.dropFirst("monitor/".count)) already; use a new one")
      }
      found[index] = id
    }
    return found
  }

  /// Of all that was posted, so that the same measurement is told from another one of the same window.
  private static func digest(_ measurement: MeasurementRecorded) throws -> String {
    let text = try JSON(encoding: measurement).sorted.description
    return SHA256.hash(data: Data(text.utf8)).hexadecimal
  }
}

extension JSON {
  /// The same with the keys of every object in order: dictionaries have none.
  fileprivate var sorted: JSON {
    switch self {
    case .object(let object): JSON(object.members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted) })
    case .array(let elements): .array(elements.map(\.sorted))
    default: self
    }
  }
}

extension HTTPField.Name {
  fileprivate static let correlationID = HTTPField.Name("X-Correlation-Id")!
}
