internal import Foundation
internal import Logging
internal import Telemetry

/// How programs that run on write their log, as the environment says: `KEDGE_LOG_FORMAT` (human or json) and `KEDGE_LOG_LEVEL`.
struct LogSettings {
  let format: LogFormat
  /// Nil: the program's own.
  let level: Logger.Level?

  init(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(Complaint) {
    let format = environment["KEDGE_LOG_FORMAT"] ?? ""
    guard let known = format.isEmpty ? .human : LogFormat(rawValue: format) else {
      throw Complaint(.badUsage, "KEDGE_LOG_FORMAT=\(format): expected \(LogFormat.allCases.map(\.rawValue).joined(separator: " or "))")
    }
    self.format = known
    let level = environment["KEDGE_LOG_LEVEL"] ?? ""
    self.level = level.isEmpty ? nil : Logger.Level(rawValue: level)
    guard level.isEmpty || self.level != nil else {
      throw Complaint(.badUsage, "KEDGE_LOG_LEVEL=\(level): expected \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }
}
