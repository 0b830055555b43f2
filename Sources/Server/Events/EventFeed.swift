internal import Hummingbird
internal import HTTPTypes
internal import Lifecycle
internal import NIOCore
internal import PostgreSQL
internal import Projections
internal import Synchronization
internal import Values

/// The sealed events of the log: page by page, or as server-sent events for as long as the client listens.
final class EventFeed: Sendable {
  private let database: PostgresClient
  private let access: AccessControl
  private let head: LogHead
  private let stopping: Flag
  private let maximumStreams: Int
  private let streams = Mutex(0)

  /// How often a silent stream says that it is there, and whether its token is still good is looked at.
  private static let heartbeat = Duration.seconds(15)
  private static let batch = 500
  private static let largestPage = 1000

  init(database: PostgresClient, access: AccessControl, stopping: Flag, maximumStreams: Int) {
    self.database = database
    self.access = access
    self.stopping = stopping
    self.maximumStreams = maximumStreams
    head = LogHead(database)
  }

  func answer(_ request: Request) async throws -> Response {
    try await access.caller(request, atLeast: .viewer)
    let wish = try Wish(request)
    guard request.headers[.accept]?.contains("text/event-stream") == true else { return try await page(wish) }
    return try await stream(wish, request)
  }

  // MARK: pages

  private func page(_ wish: Wish) async throws -> Response {
    let items = try await EventDocuments(database: database).sealed(wish.filter, limit: wish.limit + 1)
    let page = items.prefix(wish.limit)
    return Response.json([
      "items": .array(Array(page)), "next_after": .integer(page.last?.position ?? wish.filter.after), "more": .bool(items.count > wish.limit),
    ])
  }

  // MARK: streams

  private func stream(_ wish: Wish, _ request: Request) async throws -> Response {
    var filter = wish.filter
    if let last = request.headers[.lastEventID], let position = Int64(last) {
      filter.after = position
    } else if !wish.saysWhere {
      filter.after = try await head.position()
    }
    let start = filter
    guard begin() else {
      throw Problem(
        .serviceUnavailable, "\(maximumStreams) streams of events are open, and more are not served; close one, or read page by page",
        headers: [.retryAfter: "15"])
    }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .xAccelBuffering: "no"],
      body: ResponseBody { writer in
        defer { self.end() }
        try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
        try await self.write(start, request, to: &writer)
        try await writer.finish(nil)
      })
  }

  private func begin() -> Bool {
    streams.withLock { streams in
      guard streams < maximumStreams else { return false }
      streams += 1
      return true
    }
  }

  private func end() { streams.withLock { $0 -= 1 } }

  /// Returns when the server stops, or the token is no longer good; throws when the client has gone.
  @concurrent
  private func write(_ start: EventDocuments.Filter, _ request: Request, to writer: inout any ResponseBodyWriter) async throws {
    let documents = EventDocuments(database: database)
    var filter = start
    var saidAt = ContinuousClock.now
    while !stopping.isRaised, !Task.isCancelled {
      let end = try await head.position()
      if end > filter.after {
        let events = try await documents.sealed(filter, limit: EventFeed.batch)
        if !events.isEmpty {
          try await writer.write(ByteBuffer(string: events.map(EventFeed.message).joined()))
          saidAt = .now
        }
        // What lies between was not wanted.
        filter.after = events.count < EventFeed.batch ? max(end, events.last?.position ?? 0) : events.last?.position ?? end
      } else {
        if ContinuousClock.now - saidAt > EventFeed.heartbeat {
          guard (try? await access.caller(request, atLeast: .viewer)) != nil else { return }
          try await writer.write(ByteBuffer(string: ": still here\n\n"))
          saidAt = .now
        }
        try await Task.sleep(for: LogHead.pause)
      }
    }
  }

  private static func message(_ event: JSON) -> String {
    "id: \(event.position ?? 0)\nevent: \(event["type"]?.string ?? "message")\ndata: \(event)\n\n"
  }

  // MARK: what is asked for

  private struct Wish {
    var filter = EventDocuments.Filter()
    var limit = 100
    /// Whether it says after which position.
    var saysWhere = false

    init(_ request: Request) throws {
      for (name, value) in request.uri.queryParameters {
        let value = String(value)
        switch name {
        case "after":
          guard let position = Int64(value), position >= 0 else { throw Problem(.badRequest, "after=\(value): expected a position of the log, 0 or more") }
          filter.after = position
          saysWhere = true
        case "limit":
          guard let number = Int(value), (1...EventFeed.largestPage).contains(number) else {
            throw Problem(.badRequest, "limit=\(value): expected 1 to \(EventFeed.largestPage)")
          }
          limit = number
        case "stream": filter.stream = value
        case "type": filter.types.append(value)
        case "since":
          guard let time = Span(value).map({ Timestamp.now() - $0.duration }) ?? Timestamp(value) else {
            throw Problem(.badRequest, "since=\(value): expected a time such as 2026-11-23T12:00:00Z, or a span such as 2h")
          }
          filter.since = time
          saysWhere = true
        default: throw Problem(.badRequest, "\(name): there is no such parameter; expected after, limit, stream, type or since")
        }
      }
    }
  }
}

extension JSON {
  fileprivate var position: Int64? { self["position"]?.integer.map(Int64.init) }
}

extension HTTPField.Name {
  fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
  /// So that a proxy hands on each event at once.
  fileprivate static let xAccelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
