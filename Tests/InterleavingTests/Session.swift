import CLibPQ
import Glibc

/// One real session: a connection that is told what to do and asked whether it has done it, without ever waiting for it.
///
/// Straight over libpq, and not by `PostgresClient`: a scheduler has to see a statement that waits for a lock, and go on with another.
final class Session {
  /// What became of a statement.
  enum Result: Equatable, Sendable {
    case rows([[String?]], tag: String)
    case failure(state: String, message: String)
  }

  /// There is no connection, or it broke: the interleaving says nothing then.
  struct Broken: Error, CustomStringConvertible { let description: String }

  private let connection: OpaquePointer
  /// Names its backend.
  let processID: Int32
  /// What has come before the server said that it is ready for more.
  private var arrived: Result?

  init(_ url: String) throws {
    guard let connection = PQconnectdb(url) else { throw Broken(description: "out of memory") }
    guard PQstatus(connection) == CONNECTION_OK else {
      defer { PQfinish(connection) }
      throw Broken(description: String(cString: PQerrorMessage(connection)))
    }
    self.connection = connection
    processID = PQbackendPID(connection)
    // A client that cannot go on while it hears a notice hears none.
    _ = try run("SET client_min_messages = error")
  }

  deinit { PQfinish(connection) }

  var descriptor: Int32 { PQsocket(connection) }

  /// Sends a statement; `result()` tells when it is done.
  func send(_ sql: String, _ parameters: [String?] = []) throws {
    let copies = parameters.map { $0.flatMap { strdup($0) } }
    defer { for copy in copies { free(copy) } }
    let values = copies.map { UnsafePointer($0) }
    guard PQsendQueryParams(connection, sql, Int32(values.count), nil, values, nil, nil, 0) == 1, PQflush(connection) == 0 else { throw broken() }
  }

  /// What became of the statement; nil while it is not done.
  func result() throws -> Result? {
    guard PQconsumeInput(connection) == 1 else { throw broken() }
    while PQisBusy(connection) == 0 {
      guard let result = PQgetResult(connection) else {
        defer { arrived = nil }
        return arrived
      }
      defer { PQclear(result) }
      arrived = Session.read(result)
    }
    return nil
  }

  /// Runs a statement and waits for it.
  func run(_ sql: String, _ parameters: [String?] = []) throws -> [[String?]] {
    try send(sql, parameters)
    while true {
      if let result = try result() {
        guard case .rows(let rows, _) = result else { throw Broken(description: "\(sql): \(result)") }
        return rows
      }
      _ = Session.wait(for: [self], milliseconds: 1000)
    }
  }

  /// Waits until one of the sessions has heard something from its backend.
  /// - Returns: whether one has.
  static func wait(for sessions: [Session], milliseconds: Int32) -> Bool {
    var descriptors = sessions.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    return poll(&descriptors, nfds_t(descriptors.count), milliseconds) > 0
  }

  private func broken() -> Broken { Broken(description: String(cString: PQerrorMessage(connection))) }

  private static func read(_ result: OpaquePointer) -> Result {
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
      let columns = PQnfields(result)
      let rows = (0..<PQntuples(result)).map { row in
        (0..<columns).map { PQgetisnull(result, row, $0) == 1 ? nil : String(cString: PQgetvalue(result, row, $0)) }
      }
      return .rows(rows, tag: String(cString: PQcmdStatus(result)))
    default:
      // The field is named 'C' in libpq's headers, and is missing when the connection broke.
      let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? "08006"
      return .failure(state: state, message: String(cString: PQresultErrorMessage(result)))
    }
  }
}
