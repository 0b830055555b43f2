/// Something that serves models and can move traffic between versions. One file in this folder per system.
///
/// Each step may be repeated after a crash, by another worker too: the end is the same.
public protocol Target: Sendable {
  /// Brings a version to where the target serves from, and verifies it there. Nothing is served from it yet.
  func place(_ artifact: ModelArtifact) async throws(TargetFailure) -> PlacedVersion

  /// Moves traffic, and returns once the target says that it serves so; else it puts the old traffic back and throws `notConfirmed`.
  /// - Parameter token: the fencing token of the work. Tokens must rise over all work on this target; a lower one than the target has seen is refused.
  func shift(to plan: TrafficPlan, token: Int64) async throws(TargetFailure)
}

/// A version of a model, as a file on this machine.
public struct ModelArtifact: Sendable, Hashable {
  /// `MODEL/N`
  public let version: String
  /// Where it is now.
  public let file: String
  /// What it shall be called at the target.
  public let fileName: String
  /// 64 lower-case hexadecimal digits.
  public let sha256: String

  /// Takes the values as they are; nothing is checked.
  public init(version: String, file: String, fileName: String, sha256: String) {
    self.version = version
    self.file = file
    self.fileName = fileName
    self.sha256 = sha256
  }
}

/// Why traffic is not where it should be.
public enum TargetFailure: Error, Sendable, Hashable {
  /// Another worker has taken over: this one must do nothing more.
  case staleToken(given: Int64, highest: Int64)
  case checksumMismatch(version: String, expected: String, found: String)
  /// The target did not say in time that it serves the plan. The old traffic was put back.
  case notConfirmed(expected: String, answered: String, restored: String)
  /// What was asked for cannot be done.
  case invalid(String)
  /// Another process has held the target's lock for too long.
  case locked(path: String, holder: String)
  /// A file operation failed.
  case files(String)
  /// The task was cancelled. What was begun stands; doing it again completes it.
  case cancelled

  /// Whether the same may succeed later.
  public var isRetryable: Bool {
    switch self {
    case .locked, .files, .cancelled, .notConfirmed: true
    case .staleToken, .checksumMismatch, .invalid: false
    }
  }
}

extension TargetFailure: CustomStringConvertible {
  /// For people, and where it can be mended what to do.
  public var description: String {
    switch self {
    case .staleToken(let given, let highest): "the fencing token \(given) is stale: \(highest) has been seen, so another worker has taken over"
    case .checksumMismatch(let version, let expected, let found): "the artifact of \(version) has the SHA-256 \(found), not \(expected)"
    case .notConfirmed(let expected, let answered, let restored): "the server did not confirm \(expected): \(answered); \(restored)"
    case .invalid(let reason): reason
    case .locked(let path, let holder): "\(path) is locked by \(holder); end or resume that process"
    case .files(let reason): reason
    case .cancelled: "cancelled"
    }
  }
}
