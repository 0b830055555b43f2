internal import Crypto
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Lifecycle
internal import Logging
internal import NIOCore
internal import PostgreSQL
internal import Projections
internal import Values

/// Takes what a model predicted, or what turned out to be true, row by row: JSON Lines, each with the row's `id`.
///
/// All of a request or nothing. A prediction has one row an id: the first one stays. A label may be corrected: the last one counts.
struct ObservationIntake: Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case prediction, label
  }

  let kind: Kind
  let database: PostgresClient
  let access: AccessControl
  let maximumBytes: Int
  let logger: Logger

  /// Rows of one request.
  private static let most = 100_000
  private static let longestID = 200

  /// `POST /v1/predictions?model=NAME`, `POST /v1/labels?model=NAME`.
  func answer(_ request: Request) async throws -> Response {
    let caller = try await access.caller(request, atLeast: .operator)
    guard let model = request.uri.queryParameters["model"].map(String.init), !model.isEmpty else {
      throw Problem(.badRequest, "model is missing: say of which model the rows are, as in /v1/\(kind.rawValue)s?model=NAME")
    }
    let rows = try read(String(buffer: try await request.body.collect(upTo: maximumBytes)))
    let new = try await database.withTransaction { transaction in
      var session = DecisionSession(transaction)
      guard try await session.load(ModelState.self, "model/\(model)").specification != nil else { throw Refusal.unknown("there is no model \(model)") }
      // Whoever makes a window of what has come waits until this is done.
      try await transaction.query("select pg_advisory_xact_lock_shared(kedge.observation_lock(\(model)))")
      return try await transaction.query(
        """
        insert into kedge.observation (model, kind, id, digest, content, at)
        select \(model), \(kind.rawValue), n.id, n.digest, n.content::json, n.at
        from unnest(\(rows.map(\.id)), \(rows.map(\.digest)), \(rows.map(\.content)), \(rows.map(\.at))) with ordinality n (id, digest, content, at, place)
        order by n.place on conflict do nothing
        """
      ).affected
    }
    logger.info("\(kind.rawValue)s posted", metadata: ["by": "\(caller.principal)", "count": "\(rows.count)", "model": "\(model)", "new": "\(new)"])
    return Response.json(
      ["received": .integer(Int64(rows.count)), "new": .integer(Int64(new)), "known": .integer(Int64(rows.count - new))], status: new > 0 ? .created : .ok)
  }

  private struct Row {
    let id: String
    let digest: String
    let content: String
    let at: Timestamp
  }

  private static func digest(_ text: String) -> String {
    SHA256.hash(data: Data(text.utf8)).hexadecimal
  }

  private func read(_ text: String) throws -> [Row] {
    let now = Timestamp.now()
    var rows: [Row] = []
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      if line.allSatisfy(\.isWhitespace) { continue }
      rows.append(try row(String(line), number + 1, now))
      guard rows.count <= ObservationIntake.most else { throw Problem(.unprocessableContent, "more than \(ObservationIntake.most) rows: send fewer at once") }
    }
    guard !rows.isEmpty else { throw Problem(.unprocessableContent, "no rows: send JSON Lines, one object with an id a line") }
    return rows
  }

  private func row(_ line: String, _ number: Int, _ now: Timestamp) throws -> Row {
    let json: JSON
    do { json = try JSON(parsing: line) } catch { throw Problem(.badRequest, "line \(number): it is no JSON: \(error)") }
    guard let object = json.object else { throw Problem(.unprocessableContent, "line \(number): expected an object such as {\"id\": \"7\", …}") }
    let id: String? =
      switch json["id"] {
      case .string(let text): text
      case .integer(let number): "\(number)"
      default: nil
      }
    guard let id, !id.isEmpty, id.utf8.count <= ObservationIntake.longestID, !id.utf8.contains(0) else {
      throw Problem(.unprocessableContent, "line \(number): id: expected a text or a whole number, at most \(ObservationIntake.longestID) bytes")
    }
    guard object.members.contains(where: { $0.key != "id" && $0.key != "at" }) else {
      throw Problem(.unprocessableContent, "line \(number): there is nothing beside its id")
    }
    var at = now
    if let given = json["at"], !given.isNull {
      guard let time = given.string.flatMap({ Timestamp($0) }) else {
        throw Problem(.unprocessableContent, "line \(number): at: expected a time such as 2026-11-23T06:10:42Z")
      }
      at = time
    }
    let content = json.description
    return Row(id: id, digest: kind == .prediction ? "" : ObservationIntake.digest(content), content: content, at: at)
  }
}
