import Migrations
import PostgreSQL

/// Brings the template database to this version.
func migrate(_ client: PostgresClient) async throws {
  try await Migrator(client).migrate()
}
