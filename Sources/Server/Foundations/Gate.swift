internal import Crypto
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// What every request passes: the limit on rate, the answer to errors, figures and a line in the log.
struct Gate: RouterMiddleware {
  typealias Context = APIContext

  let limiter: RateLimiter
  let figures: RequestFigures
  let logger: Logger

  func handle(_ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response) async throws -> Response {
    let began = ContinuousClock.now
    var logger = logger
    logger[metadataKey: "request"] = "\(context.requestID)"
    var response: Response
    do {
      if let wait = limiter.take(Gate.caller(request, context)), !Gate.isProbe(request) {
        throw Problem(.tooManyRequests, "too many requests; wait and try again", headers: [.retryAfter: "\(max(1, wait.components.seconds + 1))"])
      }
      response = try await next(request, context)
    } catch {
      let problem = Problem(error)
      if problem.status.code >= 500 { logger.error("\(request.method) \(request.uri.path) failed: \(error)") }
      response = problem.response(id: context.requestID)
    }
    response.headers[.requestID] = context.requestID
    let duration = ContinuousClock.now - began
    figures.count(route: context.endpointPath, method: request.method.rawValue, status: response.status.code, duration)
    logger.debug(
      "answered",
      metadata: [
        "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)", "from": "\(context.remote)",
        "milliseconds": "\(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)",
      ])
    return response
  }

  /// Those who watch over this process must not be turned away.
  private static func isProbe(_ request: Request) -> Bool { request.uri.path == "/healthz" || request.uri.path == "/readyz" }

  /// Who is held to the limit: a token by its digest, else the address.
  private static func caller(_ request: Request, _ context: APIContext) -> String {
    guard let header = request.headers[.authorization] else { return context.remote }
    return Data(SHA256.hash(data: Data(header.utf8))).base64EncodedString()
  }
}

extension HTTPField.Name {
  /// Names a request in the answer and in the log.
  static let requestID = HTTPField.Name("X-Request-Id")!
}
