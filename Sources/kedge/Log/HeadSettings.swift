internal import EventLog
internal import Foundation
internal import Lifecycle
internal import Values
internal import Workers

/// What the environment says of heads of the chain: `KEDGE_HEAD_OUT` (a file or a URL), `KEDGE_HEAD_KEY` (a file) and `KEDGE_HEAD_EVERY`.
enum HeadSettings {
  static let key = "KEDGE_HEAD_KEY"
  static let destination = "KEDGE_HEAD_OUT"
  static let interval = "KEDGE_HEAD_EVERY"

  /// How workers export heads; nil when no destination is set.
  static func read(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(Complaint) -> HeadExportOptions? {
    guard let place = environment[destination], !place.isEmpty else { return nil }
    var options = HeadExportOptions(destination: HeadDestination(place), key: try signingKey(nil, environment))
    if let text = environment[interval], !text.isEmpty {
      guard let span = Span(text), span >= .seconds(1) else { throw Complaint(.badUsage, "\(interval)=\(text): expected a span of at least 1s, e.g. 1h") }
      options.interval = span.duration
    }
    return options
  }

  /// The key of a file, else of `KEDGE_HEAD_KEY`; nil when neither is named.
  static func signingKey(_ path: String?, _ environment: [String: String] = ProcessInfo.processInfo.environment) throws(Complaint) -> SigningKey? {
    guard let path = path ?? environment[key], !path.isEmpty else { return nil }
    let text = try HeadSettings.text(of: path)
    do { return try SigningKey(pem: text) } catch { throw Complaint(.badUsage, "\(path): \(error)") }
  }

  static func verifyingKey(_ path: String) throws(Complaint) -> VerifyingKey {
    let text = try HeadSettings.text(of: path)
    do { return try VerifyingKey(pem: text) } catch { throw Complaint(.badUsage, "\(path): \(error)") }
  }

  static func head(_ path: String) throws(Complaint) -> ChainHead {
    let text = try HeadSettings.text(of: path)
    guard let json = try? JSON(parsing: text) else { throw Complaint(.badUsage, "\(path): this is no JSON; `kedge audit head` prints a head") }
    do { return try ChainHead(json) } catch { throw Complaint(.badUsage, "\(path): \(error)") }
  }

  private static func text(of path: String) throws(Complaint) -> String {
    guard let text = try? String(contentsOfFile: path == "-" ? "/dev/stdin" : path, encoding: .utf8) else {
      throw Complaint(.badUsage, "\(path): the file cannot be read as text; check the path and its rights")
    }
    return text
  }
}
