public import Logging

/// How programs write their log.
public enum LogFormat: String, Sendable, CaseIterable {
  /// For people.
  case human
  /// A JSON object a line, for programs.
  case json

  /// A handler that writes to standard error.
  public func handler(_ label: String) -> any LogHandler {
    switch self {
    case .human: StreamLogHandler.standardError(label: label)
    case .json: JSONLogHandler(label: label)
    }
  }
}
