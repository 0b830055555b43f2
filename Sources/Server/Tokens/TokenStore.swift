internal import Crypto
public import EventLog
internal import Foundation
internal import Lifecycle
public import PostgreSQL
public import Values

/// Tokens of the API. A token is 32 random bytes; what is kept is its SHA-256. That it was made or revoked stands in the log.
public struct TokenStore: Sendable {
  private let database: any Queryable

  /// - Parameter database: of a member of `kedge_server` or of the owner; to make or revoke, a transaction.
  public init(_ database: any Queryable) { self.database = database }

  /// The stream that tells of a token.
  public static func stream(_ name: String) -> String { "token/\(name)" }

  /// Makes a token.
  /// - Parameters:
  ///   - name: never given before, not even to one that was revoked.
  ///   - expiresAt: from when on it is no longer good; nil: for ever.
  ///   - attribution: who makes it.
  ///   - key: idempotency key of the event.
  /// - Returns: the token, which nobody can find out again, and the event.
  /// - Throws: `Refusal` when the name is no name or is taken.
  public func create(
    _ name: String, role: TokenRole, expiresAt: Timestamp?, by attribution: Attribution, key: String? = nil
  ) async throws -> (token: String, events: [AppendedEvent]) {
    do { _ = try ResourceName(name) } catch { throw Refusal.invalid("\(name) is no name for a token: \(error)") }
    let token = TokenStore.make()
    let made = try await database.query(
      """
      insert into kedge.api_token (name, role, digest, created_by, expires_at)
      values (\(name), \(role.rawValue), \(TokenStore.digest(token)), \(attribution.actor), \(expiresAt)) on conflict (name) do nothing
      """)
    guard made.affected == 1 else {
      throw Refusal.conflict(
        "there is or was a token \(name) already, and its name stands in the log for good; take another, or revoke it with `kedge token revoke`")
    }
    let events = try await EventStore(database).append(
      [
        NewEvent(
          type: "token_created", data: JSON([("role", .string(role.rawValue)), ("expires_at", expiresAt.map { JSON($0) })]), idempotencyKey: key)
      ], to: StreamName(TokenStore.stream(name)), by: attribution)
    return (token, events)
  }

  /// Revokes a token at once and for good.
  /// - Returns: the event; none when it was revoked before.
  /// - Throws: `Refusal` when there is no such token.
  public func revoke(_ name: String, by attribution: Attribution, key: String? = nil) async throws -> [AppendedEvent] {
    guard let row = try await database.query("select revoked_at from kedge.api_token where name = \(name) for update").first else {
      throw Refusal.unknown("there is no token \(name)")
    }
    guard try row.decode(Timestamp?.self) == nil else { return [] }
    try await database.query("update kedge.api_token set revoked_at = clock_timestamp() where name = \(name)")
    return try await EventStore(database).append(
      [NewEvent(type: "token_revoked", data: [:], idempotencyKey: key)], to: StreamName(TokenStore.stream(name)), by: attribution)
  }

  /// All tokens, those that are no longer good too, by name.
  public func list() async throws -> [APIToken] {
    try await database.query("select name, role, created_by, created_at, expires_at, revoked_at, used_at from kedge.api_token order by name").map { row in
      let (name, role, creator, created, expires, revoked, used) = try row.decode(
        String.self, String.self, String.self, Timestamp.self, Timestamp?.self, Timestamp?.self, Timestamp?.self)
      return APIToken(
        name: name, role: TokenRole(rawValue: role) ?? .viewer, createdBy: creator, createdAt: created, expiresAt: expires, revokedAt: revoked, usedAt: used)
    }
  }

  /// Whose token it is; nil when it is not known, revoked or too old.
  func caller(_ token: String) async throws -> Caller? {
    let digest = TokenStore.digest(token)
    let row = try await database.query(
      """
      select name, role, used_at is null or used_at < clock_timestamp() - interval '1 minute' from kedge.api_token
      where digest = \(digest) and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
      """
    ).first
    guard let row else { return nil }
    let (name, role, isStale) = try row.decode(String.self, String.self, Bool.self)
    if isStale { try await database.query("update kedge.api_token set used_at = clock_timestamp() where name = \(name)") }
    guard let role = TokenRole(rawValue: role) else { return nil }
    return Caller(name: name, role: role)
  }

  /// `kedge_` tells people, and scanners that look for secrets, what it is.
  private static func make() -> String {
    var generator = SystemRandomNumberGenerator()
    let bytes = Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    return "kedge_" + bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  private static func digest(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Data(token.utf8))) }
}
