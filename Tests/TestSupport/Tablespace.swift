internal import Foundation
internal import PostgreSQL

/// Runs `body` with a tablespace of its own, which lies inside the cluster's directory.
/// Databases that use it must be gone when `body` returns.
public func withTablespace(_ body: (String) async throws -> Void) async throws {
  let server = try TestDatabase.serverClient()
  let name = "kedge_cold_" + UUID().uuidString.prefix(13).lowercased().replacing("-", with: "")
  try await server.withConnection { connection in
    try await connection.query("set allow_in_place_tablespaces = on")
    try await connection.query("create tablespace \(unsafeSQL: name) location ''")
    try await connection.query("reset allow_in_place_tablespaces")
  }
  do {
    try await body(name)
    try await server.query("drop tablespace \(unsafeSQL: name)")
  } catch {
    _ = try? await server.query("drop tablespace \(unsafeSQL: name)")
    throw error
  }
}
