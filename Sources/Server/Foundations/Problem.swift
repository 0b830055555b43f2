internal import EventLog
internal import HTTPTypes
internal import Hummingbird
internal import Lifecycle
internal import NIOCore
internal import PostgreSQL
internal import Values

/// A request that is not answered as it was asked: `application/problem+json` (RFC 9457).
struct Problem: Error {
  let status: HTTPResponse.Status
  /// What is wrong, where, and what to do.
  let detail: String
  var headers: HTTPFields = [:]

  init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }

  /// What an error means to whoever asked.
  init(_ error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    case let refusal as Refusal:
      let status: HTTPResponse.Status =
        switch refusal {
        case .notAllowed: .forbidden
        case .unknown: .notFound
        case .conflict: .conflict
        case .invalid: .unprocessableContent
        }
      self.init(status, refusal.description)
    case is VersionConflict, is IdempotencyConflict: self.init(.conflict, "\(error)")
    case is NIOTooManyBytesError: self.init(.contentTooLarge, "the body is too long; send less at once")
    case let error as HTTPError where error.status == .notFound:
      self.init(.notFound, "there is nothing at this path; see /v1/events, /v1/measurements, /v1/predictions, /v1/labels, /metrics, /healthz and /readyz")
    case let error as HTTPError: self.init(error.status, error.body ?? error.status.reasonPhrase)
    case is ConnectionLost, is ConnectionRefused:
      self.init(.serviceUnavailable, "the database cannot be reached; try again", headers: [.retryAfter: "5"])
    // What the database finds wrong with values: data exceptions, integrity, and Kedge's own refusals.
    case let error as PostgresError where ["22", "23", "KE"].contains(error.sqlState.category):
      self.init(.unprocessableContent, error.message)
    default: self.init(.internalServerError, "it failed for a reason of the server's own; its log has more under the request's id")
    }
  }

  func response(id: String) -> Response {
    let document: JSON = [
      "type": "about:blank", "title": .string(status.reasonPhrase), "status": .integer(Int64(status.code)),
      "detail": .string(detail), "request_id": .string(id),
    ]
    var response = Response.json(document, status: status, type: "application/problem+json")
    for field in headers { response.headers.append(field) }
    return response
  }
}

extension Response {
  /// A document on one line.
  static func json(_ document: JSON, status: HTTPResponse.Status = .ok, type: String = "application/json") -> Response {
    text(document.description + "\n", status: status, type: type)
  }

  static func text(_ text: String, status: HTTPResponse.Status = .ok, type: String) -> Response {
    Response(
      status: status, headers: [.contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
