internal import PostgreSQL
internal import Values

/// Some of the sealed events after a position.
public struct SealedPage: Sendable {
  /// Those of the streams that were asked for, in order.
  public let events: [RecordedEvent]
  /// Up to this position everything was looked at; the position that was asked for when the log ends there.
  public let end: Int64
}

/// Reads far through the sealed events in pages of many positions: the database leaves out what is not asked for, and the next page is
/// read while the caller works on this one.
public struct SealedPages: Sendable {
  private let store: EventStore
  private let streamPrefixes: [String]?
  private var span: Int64 = SealedPages.limit
  private var ahead: (after: Int64, page: Task<SealedPage, any Error>)?

  /// Events of one page at most.
  static let limit: Int64 = 1000
  /// Positions of one page at most.
  static let widest: Int64 = 16_000

  /// - Parameters:
  ///   - store: not of a transaction that the caller uses between the pages.
  ///   - streamPrefixes: only of streams whose name begins with one of these; nil is every stream.
  public init(_ store: EventStore, streamPrefixes: [String]? = nil) {
    self.store = store
    self.streamPrefixes = streamPrefixes
  }

  /// The page after a position.
  public mutating func page(after position: Int64) async throws -> SealedPage {
    let current = ahead?.after == position ? ahead?.page : nil
    ahead = nil
    let page = try await (current ?? read(after: position)).value
    // Pages grow while they are less than half full.
    switch page.events.count {
    case Int(SealedPages.limit)...: span = max(span / 2, SealedPages.limit)
    case ..<(Int(SealedPages.limit) / 2): span = min(span * 2, SealedPages.widest)
    default: break
    }
    if page.end > position { ahead = (page.end, read(after: page.end)) }
    return page
  }

  private func read(after position: Int64) -> Task<SealedPage, any Error> {
    Task { [store, span, streamPrefixes] in try await store.page(after: position, span: span, streamPrefixes: streamPrefixes) }
  }
}

extension EventStore {
  /// The events of the next `span` positions, or fewer positions when there are more than a page of events in them.
  func page(after position: Int64, span: Int64, streamPrefixes: [String]?) async throws -> SealedPage {
    // Materialised, because the planner would else walk an index of events from its beginning to find the smallest.
    let bounds = try await database.query(
      """
      with o as materialized (select position, event from kedge.log_order where position > \(position) and position <= \(position + span))
      select max(position), min(event), max(event) from o
      """)[0]
    guard let end = try bounds.decode(Int64?.self, at: 0) else { return SealedPage(events: [], end: position) }
    let (first, last) = (try bounds.decode(Int64.self, at: 1), try bounds.decode(Int64.self, at: 2))
    // OFFSET 0 pins the plans: a range of each index, then a join; by themselves they would be scans of the whole log.
    var query: Query = """
      select o.position, \(unsafeSQL: RecordedEvent.columns)
      from (select position, event from kedge.log_order where position > \(position) and position <= \(end) offset 0) o
      """
    if last - first < 4 * span {
      query.append(" join (select * from kedge.event e where e.number between \(first) and \(last)")
      if let streamPrefixes { query.append(" and e.stream ^@ any(\(streamPrefixes))") }
      query.append(" offset 0) e on e.number = o.event")
    } else {
      // An event that was sealed long after it was inserted lies far from the others.
      query.append(" cross join lateral (select * from kedge.event e where e.number = o.event")
      if let streamPrefixes { query.append(" and e.stream ^@ any(\(streamPrefixes))") }
      query.append(" offset 0) e")
    }
    query.append(" order by o.position limit \(SealedPages.limit)")
    let events = try await database.query(query.named("read sealed")).map(RecordedEvent.init(row:))
    return SealedPage(events: events, end: events.count < SealedPages.limit ? end : events.last?.position ?? end)
  }
}
