internal import Hummingbird
internal import PostgreSQL
internal import Values

/// Whether requests can be answered: the database is there and has Kedge's tables, and the server is not about to stop.
struct Readiness: Sendable {
  let database: PostgresClient
  let isStopping: Bool

  /// A database that takes longer is not ready.
  private static let patience = Duration.seconds(3)

  func response() async -> Response {
    let state = isStopping ? "stopping" : await databaseState()
    return Response.json(["ready": .bool(state == nil), "reason": JSON(state)], status: state == nil ? .ok : .serviceUnavailable)
  }

  private func databaseState() async -> String? {
    do {
      return try await withThrowingTaskGroup(of: String?.self) { group in
        group.addTask {
          let isMigrated = try await database.query("select to_regclass('kedge.api_token') is not null").first?.decode(Bool.self, at: 0) ?? false
          return isMigrated ? nil : "the database is not at this version of Kedge; run `kedge migrate`"
        }
        group.addTask {
          try await Task.sleep(for: Readiness.patience)
          return "the database does not answer within \(Readiness.patience)"
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
      }
    } catch {
      return "the database cannot be reached"
    }
  }
}
