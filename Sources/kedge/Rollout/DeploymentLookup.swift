internal import Foundation
internal import Lifecycle
internal import PostgreSQL

extension Lookup {
  /// The deployment that people mean: its id, the beginning of it, or a version that one waits or rolls for.
  func deployment(_ text: String) async throws -> DeploymentID {
    guard let version = VersionName(text) else { return try await identifier(DeploymentID.self, text) }
    guard let id = try await openDeployment(of: version) else {
      throw Refusal.unknown("there is no deployment of \(version) that waits or is under way; `kedge get deployments \(version)` lists the others")
    }
    return id
  }

  /// The newest deployment of a version that has not ended.
  func openDeployment(of version: VersionName, at endpoint: String? = nil) async throws -> DeploymentID? {
    let text = version.description
    return try await database.query(
      """
      select id from kedge.deployment where version = \(text) and (\(endpoint)::text is null or endpoint = \(endpoint))
        and state in ('held', 'awaiting_approval', 'rolling', 'baking', 'paused')
      order by position desc limit 1
      """
    ).first.map { DeploymentID(try $0.decode(UUID.self, at: 0)) }
  }

  /// The target of a command on a deployment, which answers its newest event.
  func target(_ id: DeploymentID) async throws -> Target {
    Target(stream: id.stream, id: id.description, cause: try await newest(id.stream))
  }
}

extension Queryable {
  /// Who the database says that this is.
  func principal() async throws -> String {
    try await query("select session_user::text").first?.decode(String.self, at: 0) ?? ""
  }
}
