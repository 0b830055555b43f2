public import Foundation
public import PostgreSQL
public import Values
public struct StreamName: Hashable, Sendable { public let text: String; public init(_ t: String) { text = t } }
public struct NewEvent: Sendable {
  public var id: UUID?; public var type: String; public var schema: Int; public var data: JSON; public var occurredAt: Timestamp?; public var idempotencyKey: String?
  public init(id: UUID? = nil, type: String, schema: Int = 1, data: JSON, occurredAt: Timestamp? = nil, idempotencyKey: String? = nil) { self.id = id; self.type = type; self.schema = schema; self.data = data; self.occurredAt = occurredAt; self.idempotencyKey = idempotencyKey }
}
public enum ExpectedVersion: Sendable { case any, none, exactly(Int64) }
public struct Append: Sendable { public var stream: StreamName; public var expected: ExpectedVersion; public var events: [NewEvent]; public init(stream: StreamName, expected: ExpectedVersion, events: [NewEvent]) { self.stream = stream; self.expected = expected; self.events = events } }
public struct Attribution: Sendable { public var actor: String; public var principal: String?; public var correlation: UUID?; public var causation: UUID?; public init(actor: String, principal: String? = nil, correlation: UUID? = nil, causation: UUID? = nil) { self.actor = actor; self.principal = principal; self.correlation = correlation; self.causation = causation } }
public struct RecordedEvent: Sendable { public var position: Int64?; public var id: UUID; public var stream: StreamName; public var version: Int64; public var type: String; public var schema: Int; public var data: JSON; public var actor: String; public var principal: String; public var correlationID: UUID?; public var causationID: UUID?; public var idempotencyKey: String?; public var occurredAt: Timestamp; public var recordedAt: Timestamp }
public struct LeaseToken: Sendable { public var work: UUID; public var token: Int64; public init(work: UUID, token: Int64) { self.work = work; self.token = token } }
public struct AppendedEvent: Sendable { public var id: UUID; public var stream: StreamName; public var version: Int64 }
public struct VersionConflict: Error {}
public struct EventStore: Sendable {
  public init(_ db: any Queryable) {}
  public func append(_ a: [Append], by: Attribution, lease: LeaseToken? = nil, completing: Bool = false) async throws -> [AppendedEvent] { [] }
  public func read(_ s: StreamName, after: Int64 = 0, limit: Int) async throws -> [RecordedEvent] { [] }
  public func readSealed(after: Int64, limit: Int, streamPrefixes: [String]?) async throws -> [RecordedEvent] { [] }
}
public protocol Follower: Sendable { var name: String { get }; var streamPrefixes: [String]? { get }; func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws }
public struct PoisonEvent: Error { public init(_ event: RecordedEvent, reason: String) {} }
