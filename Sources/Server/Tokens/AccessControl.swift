internal import HTTPTypes
internal import Hummingbird
internal import PostgreSQL

/// Finds out who calls, and whether they may.
struct AccessControl: Sendable {
  let database: PostgresClient

  /// - Throws: `Problem`: 401 without a token that is good, 403 with one that may not.
  @discardableResult
  func caller(_ request: Request, atLeast role: TokenRole) async throws -> Caller {
    guard let header = request.headers[.authorization] else {
      throw Problem(
        .unauthorized, "this needs a token: send Authorization: Bearer TOKEN; `kedge token create` makes one", headers: [.wwwAuthenticate: "Bearer"])
    }
    let words = header.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer", words[1].utf8.count <= 200,
      let caller = try await TokenStore(database).caller(String(words[1]))
    else {
      throw Problem(
        .unauthorized, "this token is not known, was revoked or is too old; `kedge token list` shows those that are good",
        headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])
    }
    guard caller.role >= role else {
      throw Problem(.forbidden, "token \(caller.name) has the role \(caller.role.rawValue), and this needs \(role.rawValue)")
    }
    return caller
  }
}
