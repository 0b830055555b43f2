internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections

/// Finds what people mean by a name or a part of an identifier, in the log itself and not in what projections made of it.
struct Lookup {
  let database: any Queryable

  /// The fewest characters of an identifier that are accepted.
  static let shortestPrefix = 6

  /// The identifier that begins like this.
  /// - Throws: a refusal when there is none, or more than one.
  func identifier<ID: UUIDIdentifier>(_ type: ID.Type, _ text: String) async throws -> ID {
    let what = ID.category
    let wanted = text.lowercased()
    guard wanted.utf8.count >= Lookup.shortestPrefix else {
      throw Refusal.invalid("\(what) \"\(text)\" is too short; give at least \(Lookup.shortestPrefix) characters of its id")
    }
    guard wanted.utf8.allSatisfy({ $0 == 0x2d || (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      throw Refusal.unknown("there is no \(what) \"\(text)\"; an id is a UUID or the beginning of one")
    }
    let names = try await database.query("select name::text from kedge.stream where name like \("\(what)/\(wanted)%") and version > 0 order by name limit 3")
      .map { try $0.decode(String.self, at: 0) }
    guard let first = names.first else { throw Refusal.unknown("there is no \(what) \(text)") }
    guard names.count == 1 else { throw Refusal.invalid("\"\(text)\" begins more than one \(what): \(names.joined(separator: ", ")); give more of it") }
    guard let id = ID(stream: first) else { throw Refusal.unknown("there is no \(what) \(text)") }
    return id
  }

  /// Whether anything has ever been appended to the stream.
  func exists(_ stream: String) async throws -> Bool {
    try await !database.query("select 1 from kedge.stream where name = \(stream) and version > 0").isEmpty
  }

  /// The newest event of a stream, of one type if that is given.
  func newest(_ stream: String, type: String? = nil) async throws -> Cause? {
    try await database.query(
      """
      select id, correlation_id from kedge.event where stream = \(stream) and type <> \(EventDocuments.note) and (\(type)::text is null or type = \(type))
      order by version desc limit 1
      """
    ).first.map { try Cause($0) }
  }
}

/// The event that somebody answers.
struct Cause: Equatable {
  let event: UUID
  let correlation: UUID

  init(event: UUID, correlation: UUID?) {
    self.event = event
    self.correlation = correlation ?? event
  }

  init(_ row: Row) throws {
    let (event, correlation) = try row.decode(UUID.self, UUID?.self)
    self.init(event: event, correlation: correlation)
  }
}

/// Reads `MODEL/N`.
func versionName(_ text: String) throws -> VersionName {
  guard let version = VersionName(text) else { throw Refusal.invalid("\"\(text)\" is no version; a version is MODEL/N, such as breast-cancer/3") }
  return version
}
