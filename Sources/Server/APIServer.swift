internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
public import PostgreSQL
internal import ServiceLifecycle
internal import Synchronization
internal import Telemetry
internal import Values

/// Serves the API over HTTP, for machines: figures, health, measurements that come in and events that go out.
public struct APIServer: Sendable {
  private let database: PostgresClient
  private let options: ServerOptions
  private let logger: Logger
  private let metrics: MetricReader
  private let figures = RequestFigures()
  private let stopping = Flag()
  private let access: AccessControl

  /// - Parameters:
  ///   - database: a member of `kedge_server`, or the owner.
  ///   - version: of the program; it stands in the figures.
  ///   - options: where and within which limits.
  ///   - logger: for requests.
  public init(database: PostgresClient, version: String, options: ServerOptions = ServerOptions(), logger: Logger) {
    self.database = database
    self.options = options
    self.logger = logger
    access = AccessControl(database: database)
    metrics = MetricReader(database, version: version, logger: logger)
  }

  /// Serves until its task is cancelled; then it takes no more connections, lets requests that have begun end within the grace, and returns.
  /// - Parameter isListening: called with the URL once requests are answered.
  /// - Throws: `ServerError` when the address cannot be listened on.
  public func run(_ isListening: @escaping @Sendable (_ url: String) async -> Void = { _ in }) async throws {
    var configuration = ApplicationConfiguration(address: .hostname(options.host, port: options.port), serverName: "kedge")
    configuration.availableConnectionsDelegate = MaximumAvailableConnections(options.maximumConnections)
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let options = options
    let application = Application(
      router: router, server: .http1(configuration: .init(idleTimeout: .seconds(60), httpDecoderConfiguration: .init(maxHeaderListSize: 32 << 10))),
      configuration: configuration,
      onServerRunning: { channel in await isListening(options.url(port: channel.localAddress?.port ?? options.port)) }, logger: quiet)
    var group = ServiceGroupConfiguration(services: [application], logger: quiet)
    group.maximumGracefulShutdownDuration = options.grace
    let services = ServiceGroup(configuration: group)
    // What is counted over all of history is read from its beginning once: before somebody waits for it.
    let warming = Task { [metrics] in await metrics.countHistory() }
    defer { warming.cancel() }
    // Not a child of the task that is cancelled: requests that have begun shall end well.
    let serving = Task { try await services.run() }
    do {
      try await withTaskCancellationHandler {
        try await serving.value
      } onCancel: {
        stopping.raise()
        Task { await services.triggerGracefulShutdown() }
      }
    } catch {
      // When the grace is over the rest is cancelled, which is how it is meant to end.
      if Task.isCancelled { return }
      throw ServerError(address: options.url(port: options.port), reason: (error as? IOError)?.description ?? "\(error)")
    }
  }

  private var router: Router<APIContext> {
    let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: Gate(limiter: RateLimiter(rate: options.requestsPerSecond, burst: options.burst), figures: figures, logger: logger))
    addHealth(to: router)
    addMetrics(to: router)
    addAPI(to: router)
    for (path, allowed) in [
      ("/healthz", HTTPRequest.Method.get), ("/readyz", .get), ("/metrics", .get), ("/v1/events", .get), ("/v1/measurements", .post),
      ("/v1/predictions", .post), ("/v1/labels", .post),
    ] {
      for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] where method != allowed {
        router.on(RouterPath(path), method: method) { _, _ -> Response in
          throw Problem(.methodNotAllowed, "\(path) takes \(allowed.rawValue) and no \(method.rawValue)", headers: [.allow: allowed.rawValue])
        }
      }
    }
    return router
  }

  private func addHealth(to router: Router<APIContext>) {
    router.get("/healthz") { _, _ in Response.json(["healthy": true]) }
    router.get("/readyz") { [database, stopping] _, _ in await Readiness(database: database, isStopping: stopping.isRaised).response() }
  }

  private func addMetrics(to router: Router<APIContext>) {
    let needsToken = options.metricsNeedToken ?? !options.isLoopback
    router.get("/metrics") { [metrics, figures, access] request, _ in
      if needsToken { try await access.caller(request, atLeast: .viewer) }
      let format = MetricText(accept: request.headers[.accept])
      return Response.text(format.write(await metrics.read() + figures.families), type: format.mediaType)
    }
  }

  private func addAPI(to router: Router<APIContext>) {
    let feed = EventFeed(database: database, access: access, stopping: stopping, maximumStreams: options.maximumStreams)
    router.get("/v1/events") { request, _ in try await feed.answer(request) }
    let intake = MeasurementIntake(database: database, access: access, maximumBytes: options.maximumBodyBytes, logger: logger)
    router.post("/v1/measurements") { request, _ in try await intake.answer(request) }
    for kind in ObservationIntake.Kind.allCases {
      let intake = ObservationIntake(kind: kind, database: database, access: access, maximumBytes: options.maximumBodyBytes, logger: logger)
      router.post(RouterPath("/v1/\(kind.rawValue)s")) { request, _ in try await intake.answer(request) }
    }
  }
}

/// Why the API is not served.
public struct ServerError: Error, CustomStringConvertible {
  /// Where it should have been.
  public let address: String
  /// What the system said.
  public let reason: String

  /// For people.
  public var description: String { "\(address) cannot be listened on: \(reason)" }
}

/// Raised once.
final class Flag: Sendable {
  private let state = Mutex(false)

  var isRaised: Bool { state.withLock { $0 } }

  func raise() { state.withLock { $0 = true } }
}
