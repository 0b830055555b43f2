public import EventLog
internal import Foundation
internal import HTTPTransport
public import Logging
public import PostgreSQL
internal import Values

/// Where heads of the chain are kept, outside the database.
public enum HeadDestination: Hashable, Sendable, CustomStringConvertible {
  /// A file, replaced as a whole; each head in it must be contained in the log that the next comes from.
  case file(String)
  /// Sent by PUT. User and password in it are sent as Basic authentication.
  case url(String)

  /// - Parameter text: `http://…`, `https://…`, else a path, with or without `file:` before it.
  public init(_ text: String) {
    if text.hasPrefix("http://") || text.hasPrefix("https://") {
      self = .url(text)
    } else {
      self = .file(text.hasPrefix("file:") ? String(text.dropFirst(5)) : text)
    }
  }

  /// For people; nothing secret of a URL.
  public var description: String {
    switch self {
    case .file(let path): path
    case .url(let url): URLComponents(string: url)?.host.map { "the URL at \($0)" } ?? "the URL"
    }
  }
}

/// When and where heads are exported.
public struct HeadExportOptions: Sendable {
  /// Where to.
  public var destination: HeadDestination
  /// Signs them; nil leaves them unsigned.
  public var key: SigningKey?
  /// How often.
  public var interval: Duration

  /// Takes the values as they are; nothing is checked.
  public init(destination: HeadDestination, key: SigningKey?, interval: Duration = .seconds(3600)) {
    self.destination = destination
    self.key = key
    self.interval = interval
  }
}

/// Why no head was exported.
public enum HeadExportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The head that was exported before is not contained in the log. It was left as it is.
  case doesNotExtend(place: String, problem: String)
  /// What is at the destination is no head, or a file cannot be read or written.
  case file(path: String, problem: String)
  /// The server did not take it.
  case refused(place: String, status: Int)

  /// For people, and what to do.
  public var description: String {
    switch self {
    case .doesNotExtend(let place, let problem):
      "\(place) holds a head that this log does not contain: \(problem); it was left as it is: find out which log was changed before you move it away"
    case .file(let path, let problem): "\(path): \(problem)"
    case .refused(let place, let status): "\(place) answered with status \(status)"
    }
  }
}

/// Brings the head of the chain out of the database.
public struct HeadExport: Sendable {
  private let database: PostgresClient
  private let options: HeadExportOptions

  /// Reads through this pool.
  public init(_ database: PostgresClient, options: HeadExportOptions) {
    self.database = database
    self.options = options
  }

  /// Exports the head as it is now.
  /// - Parameter last: the head that was exported before, where the destination cannot be asked.
  /// - Throws: `HeadExportError`, also when the log does not contain the head that was exported before; `HTTPError`; `PostgresError`.
  @discardableResult
  public func export(after last: ChainHead? = nil) async throws -> ChainHead {
    if let before = try last ?? headOfFile(), let problem = try await ChainVerifier(database).problem(with: before) {
      throw HeadExportError.doesNotExtend(place: "\(options.destination)", problem: problem)
    }
    var head = try await ChainHead.read(from: database)
    if let key = options.key { head = try head.signed(by: key) }
    let document = head.json.text(.indented) + "\n"
    switch options.destination {
    case .file(let path): try HeadExport.replace(path, document)
    case .url(let url):
      let http = try HTTPClient(maximumConnections: 1)
      defer { http.close() }
      let response = try await http.send(HTTPRequest(.put, url, headers: ["Content-Type": "application/json"], body: Array(document.utf8)))
      guard response.isSuccess else { throw HeadExportError.refused(place: "\(options.destination)", status: response.status) }
    }
    return head
  }

  /// The head that stands in the file, if that is the destination and there is one.
  private func headOfFile() throws -> ChainHead? {
    guard case .file(let path) = options.destination, FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      return try ChainHead(JSON(parsing: String(contentsOfFile: path, encoding: .utf8)))
    } catch {
      throw HeadExportError.file(path: path, problem: "there is a file already, and \(error)")
    }
  }

  /// Writes beside the place and renames: whoever reads sees the old head or the new one.
  private static func replace(_ path: String, _ document: String) throws {
    let unfinished = "\(path).unfinished-\(getpid())"
    defer { unlink(unfinished) }
    let file = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw HeadExportError.file(path: path, problem: "cannot be written: \(String(cString: strerror(errno)))") }
    defer { close(file) }
    let bytes = Array(document.utf8)
    guard write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0, rename(unfinished, path) == 0 else {
      throw HeadExportError.file(path: path, problem: "cannot be written: \(String(cString: strerror(errno)))")
    }
  }
}

/// Exports heads on a schedule: one of the processes that could does it.
struct HeadExporter: Sendable {
  let database: PostgresClient
  let options: HeadExportOptions
  let holder: String
  let logger: Logger

  private static let duty = "export heads"
  /// Between looks whose duty it is; three times as long another process waits for one that is gone.
  private static let pace = Duration.seconds(5)

  /// Exports at once and then at every interval until draining begins. Failures are logged and tried again.
  func run(until drain: Drain) async {
    var due = ContinuousClock.now
    var last: ChainHead?
    while !drain.hasBegun {
      do {
        let terms = try await database.query(
          "select kedge.take_duty(\(HeadExporter.duty), \(holder), make_interval(secs => \((HeadExporter.pace * 3).inSeconds)))", as: Int64?.self)
        if terms.first.flatMap({ $0 }) != nil, ContinuousClock.now >= due {
          let head = try await HeadExport(database, options: options).export(after: last)
          logger.info("exported the head of the log to \(options.destination)", metadata: ["position": "\(head.position)"])
          (last, due) = (head, .now + options.interval)
        }
      } catch {
        logger.error("the head of the log was not exported, tried again soon: \(error)")
        due = .now + min(options.interval, .seconds(60))
      }
      await drain.sleep(min(HeadExporter.pace, options.interval))
    }
    _ = try? await database.query("select kedge.leave_duty(\(HeadExporter.duty), \(holder))")
  }
}
