public import HTTPTransport
internal import SystemPackage
internal import Values

/// A directory that any server can read.
///
/// ```
/// traffic.json           {"current": V, "candidate": V|null, "share": 5, "shadow": false, "token": 17}, V = {"version", "path", "sha256"}
/// current                a link to the directory of the current version
/// versions/MODEL/N/FILE  artifacts
/// .deploy/               the lock, and what deployers remember
/// ```
///
/// `traffic.json` and `current` are replaced atomically; once there, they are always there, whole. All writing goes under a lock,
/// together with the fencing token: the highest seen is kept, and a lower one refused, so that a worker that was thought dead and
/// comes back can move nothing. A process that is stopped while it holds the lock blocks others for as long; they give up after
/// `lockTimeout` with `locked`, to be retried.
///
/// A shift is done when the server's health URL answers `{"current": "MODEL/3", "candidate": "MODEL/4"|null}` as planned. If it does
/// not in time, the last plan that was confirmed is put back, under the new token; where there was none, `traffic.json` goes.
/// A crash between any two steps is healed by doing the shift again, with the same token or a higher one.
public struct LocalTarget: Target {
  private let directory: LocalDirectory
  private let health: String?
  private let healthTimeout: Duration
  private let http: HTTPClient

  /// - Parameters:
  ///   - directory: absolute; made if it is not there.
  ///   - health: the server's health URL; nil, and nothing is waited for.
  ///   - healthTimeout: how long the server may take to follow.
  ///   - lockTimeout: how long to wait for another process's lock.
  public init(directory: String, health: String?, healthTimeout: Duration = .seconds(60), lockTimeout: Duration = .seconds(10), http: HTTPClient) {
    self.init(LocalDirectory(path: directory, lockTimeout: lockTimeout), health: health, healthTimeout: healthTimeout, http: http)
  }

  /// - Parameter directory: one that can be watched step by step.
  package init(_ directory: LocalDirectory, health: String?, healthTimeout: Duration, http: HTTPClient) {
    self.directory = directory
    self.health = health
    self.healthTimeout = healthTimeout
    self.http = http
  }

  /// Copies the artifact to `versions/MODEL/N/FILE` under a temporary name, reads the copy back, and renames it.
  /// A copy that is there already, and whole, stays.
  public func place(_ artifact: ModelArtifact) async throws(TargetFailure) -> PlacedVersion {
    let directory = directory
    return try await onDisk { try directory.place(artifact, $0) }
  }

  public func shift(to plan: TrafficPlan, token: Int64) async throws(TargetFailure) {
    if let fault = plan.fault { throw .invalid(fault) }
    let directory = directory
    try await onDisk { try directory.write(plan, token: token, $0) }
    if let health, let answered = try await unconfirmed(plan.served, health, token) {
      let restored = try await onDisk { try directory.restore(token: token, $0) }
      let what = restored.map { "the traffic is \($0.served) again" } ?? "there was no traffic before, and there is none again"
      throw .notConfirmed(expected: "\(plan.served)", answered: answered, restored: what)
    }
    try await onDisk { try directory.confirm(plan, token: token, $0) }
  }

  /// What the server says that it serves.
  /// - Returns: nil when there is no health URL.
  public func served() async throws -> ServedTraffic? {
    guard let health else { return nil }
    let answer = await ask(health, within: .seconds(5))
    guard case .served(let traffic) = answer else { throw TargetFailure.files("\(answer)") }
    return traffic
  }

  // MARK: The health URL

  private enum Answer: CustomStringConvertible {
    case served(ServedTraffic)
    case other(String)

    var description: String {
      switch self {
      case .served(let traffic): "it serves \(traffic)"
      case .other(let what): what
      }
    }
  }

  /// Asks until the answer is `expected`: every 50 ms at first, every second in the end.
  /// - Returns: nil when it is, else the last answer before the time was up.
  private func unconfirmed(_ expected: ServedTraffic, _ health: String, _ token: Int64) async throws(TargetFailure) -> String? {
    let deadline = ContinuousClock.now + healthTimeout
    var pause = Duration.milliseconds(50)
    while true {
      let answer = await ask(health, within: max(.seconds(1), min(.seconds(5), deadline - .now)))
      if case .served(expected) = answer { return nil }
      let directory = directory
      try await onDisk { _ in try directory.requireNewest(token) }
      guard ContinuousClock.now + pause < deadline else { return "\(answer)" }
      do { try await Task.sleep(for: pause) } catch { throw .cancelled }
      pause = min(pause * 3 / 2, .seconds(1))
    }
  }

  private func ask(_ health: String, within timeout: Duration) async -> Answer {
    do {
      let response = try await http.send(HTTPRequest(.get, health, timeout: timeout, maximumResponseBytes: 65_536))
      guard response.status == 200 else { return .other("\(health) answered \(response.status)") }
      guard let traffic = (try? JSON(parsing: response.body)).flatMap({ ServedTraffic(json: $0) }) else {
        return .other("\(health) did not answer {\"current\": \"MODEL/N\", \"candidate\": \"MODEL/N\"|null}")
      }
      return .served(traffic)
    } catch {
      return .other("\(error)")
    }
  }

  private func onDisk<Value: Sendable>(
    _ body: @escaping @Sendable (Cancellation) throws -> Value
  ) async throws(TargetFailure) -> Value {
    do {
      return try await onOwnThread("kedge-deploy", body)
    } catch let failure as TargetFailure {
      throw failure
    } catch is CancellationError {
      throw .cancelled
    } catch {
      throw .files("\(directory.path): \(error)")
    }
  }
}
