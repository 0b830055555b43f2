public import Foundation
public import PostgreSQL
internal import Values

/// The stream has moved on (`KE001`): read it again and decide again.
public struct VersionConflict: Error, Hashable, Sendable, CustomStringConvertible {
  /// The stream that has moved on.
  public let stream: StreamName
  /// The version that the writer had read; 0 is none.
  public let expected: Int64
  /// The version of its newest event.
  public let actual: Int64

  /// Takes the values as they are; nothing is checked.
  public init(stream: StreamName, expected: Int64, actual: Int64) {
    self.stream = stream
    self.expected = expected
    self.actual = actual
  }

  /// For people, and what to do.
  public var description: String { "stream \(stream) is at version \(actual), not \(expected): somebody changed it first; read it again and decide again" }
}

/// The key was used for other content, or only some of an append's keys were used (`KE002`).
public struct IdempotencyConflict: Error, Hashable, Sendable, CustomStringConvertible {
  /// The stream in which the key was used before.
  public let stream: StreamName
  /// Nil when the event that differs has none.
  public let key: String?

  /// Takes the values as they are; nothing is checked.
  public init(stream: StreamName, key: String?) {
    self.stream = stream
    self.key = key
  }

  /// For people, and what to do.
  public var description: String {
    "idempotency key \(key.map { "\"\($0)\"" } ?? "(none)") of stream \(stream) was used before, with other content or only in part; use a new key"
  }
}

/// The lease ran out, was given back, is done, or somebody else has the work (`KE003`): record nothing.
public struct StaleLease: Error, Hashable, Sendable, CustomStringConvertible {
  /// The work's id.
  public let work: UUID
  /// The fencing token that was shown.
  public let token: Int64

  /// Takes the values as they are; nothing is checked.
  public init(work: UUID, token: Int64) {
    self.work = work
    self.token = token
  }

  /// For people.
  public var description: String {
    "the lease of work \(work.lowercased) with token \(token) is over: it ran out, is done, or somebody else has the work now"
  }
}

/// An event of one of Kedge's own types does not have its shape (`KE004`).
public struct ShapeMismatch: Error, Hashable, Sendable, CustomStringConvertible {
  /// The event's type.
  public let type: String
  /// The key, and what it is instead: `data.rows is string, not number`.
  public let problem: String

  /// Takes the values as they are; nothing is checked.
  public init(type: String, problem: String) {
    self.type = type
    self.problem = problem
  }

  /// For people; without values of the data.
  public var description: String { "event \(type) does not have its shape: \(problem)" }
}

extension SQLState {
  /// Another version than expected.
  public static let versionConflict: SQLState = "KE001"
  /// An idempotency key with other content.
  public static let idempotencyConflict: SQLState = "KE002"
  /// A lease that is over.
  public static let staleLease: SQLState = "KE003"
  /// An event without the shape of its type.
  public static let shapeMismatch: SQLState = "KE004"
}

/// The error of the log that PostgreSQL's error stands for; itself when it is none.
func logError(_ error: any Error) -> any Error {
  guard let error = error as? PostgresError, let detail = error.detail, let json = try? JSON(parsing: detail) else { return error }
  switch error.sqlState {
  case .versionConflict:
    guard let stream = json["stream"]?.string, let expected = json["expected"]?.integer, let actual = json["actual"]?.integer else { return error }
    return VersionConflict(stream: StreamName(stream), expected: Int64(expected), actual: Int64(actual))
  case .idempotencyConflict:
    guard let stream = json["stream"]?.string else { return error }
    return IdempotencyConflict(stream: StreamName(stream), key: json["key"]?.string)
  case .staleLease:
    guard let work = json["work"]?.string.flatMap(UUID.init(uuidString:)), let token = json["token"]?.integer else { return error }
    return StaleLease(work: work, token: Int64(token))
  case .shapeMismatch:
    guard let type = json["type"]?.string, let problem = json["problem"]?.string else { return error }
    return ShapeMismatch(type: type, problem: problem)
  default: return error
  }
}
