internal import Foundation
internal import HTTPTransport
internal import Integrations
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

/// Moves the traffic of endpoints.
struct DeployerHandler: WorkHandler {
  let context: WorkContext
  let artifacts: ArtifactStore
  let http: HTTPClient

  func perform(_ work: Work) async throws {
    let state = try await context.database.withTransaction { transaction in
      var session = DecisionSession(transaction)
      return try await session.load(EndpointState.self, work.stream)
    }
    // Another change was asked for meanwhile, and is other work.
    guard let pending = state.pending, let target = state.specification?.target, pending.asks(for: work) else { return }
    do {
      try await move(pending.order.plan, target, work.token)
    } catch let failure as TargetFailure {
      // A newer deployer was here, or this one was told to stop: neither says anything about the version.
      if case .staleToken = failure { return }
      try Task.checkCancellation()
      return try await fail(work, pending, "\(failure)")
    } catch let error as ArtifactError {
      return try await fail(work, pending, "\(error)")
    } catch let refusal as Refusal {
      return try await fail(work, pending, "\(refusal)")
    }
    try await context.record(work, as: .deployer, completing: true) { session in
      let now = try await session.load(EndpointState.self, work.stream)
      guard let facts = try? now.recordMove(request: pending.event, token: work.token) else { return }
      session.record(facts, on: work.stream)
      guard let id = pending.order.deployment, let stage = pending.order.stage else { return }
      if let entered = try? await session.load(DeploymentState.self, id.stream).enter(stage: stage) { session.record([entered], on: id.stream) }
    }
  }

  private func fail(_ work: Work, _ pending: EndpointState.Request, _ reason: String) async throws {
    try await context.record(work, as: .deployer, completing: true) { session in
      let now = try await session.load(EndpointState.self, work.stream)
      if let fact = try? now.recordMoveFailure(request: pending.event, reason: reason, at: .now()) { session.record([fact], on: work.stream) }
    }
  }

  private func move(_ plan: Lifecycle.TrafficPlan, _ target: EndpointTarget, _ token: Int64) async throws {
    switch target {
    case .local(let directory, let health):
      let local = LocalTarget(directory: directory, health: health, http: http)
      var candidate: PlacedVersion?
      if let version = plan.candidate { candidate = try await local.place(try await artifact(of: version)) }
      try await local.shift(
        to: Integrations.TrafficPlan(
          current: try await local.place(try await artifact(of: plan.current)), candidate: candidate, share: Double(plan.share), shadow: plan.shadow),
        token: token)
    }
  }

  private func artifact(of version: VersionName) async throws -> ModelArtifact {
    let artifact = try await context.artifact(of: version)
    return ModelArtifact(
      version: version.description, file: try await artifacts.path(of: artifact), fileName: artifact.name, sha256: artifact.sha256)
  }
}

extension WorkContext {
  /// The artifact of a registered version.
  func artifact(of version: VersionName) async throws -> Artifact {
    let state = try await database.withTransaction { transaction in
      var session = DecisionSession(transaction)
      return try await session.load(ModelState.self, "model/\(version.model)")
    }
    guard let registered = state[version.number] else { throw Refusal.unknown("there is no version \(version)") }
    return registered.registration.artifact
  }
}

extension EndpointState.Request {
  /// Whether a piece of work is about this request, or a later try at it, and not about an older one.
  func asks(for work: Work) -> Bool { failures > 0 || work.id == WorkProjection.id(cause: event, kind: .traffic) }
}
