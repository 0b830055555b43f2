public import Foundation
public import Lifecycle
public import Values

/// A change to a read model. Columns and keys are JSON, which PostgreSQL turns into the table's types.
public enum RowChange: Equatable, Sendable {
  /// Writes these columns of the row with this primary key; a new row gets defaults for the rest.
  case put(String, key: [String], JSON)
  /// Writes these columns of the rows whose columns equal `where`. None is no error.
  case update(String, where: JSON, JSON)
  case delete(String, where: JSON)

  /// The table that it changes.
  var table: String {
    switch self {
    case .put(let table, _, _), .update(let table, _, _), .delete(let table, _): table
    }
  }
}

/// Turns facts into rows: a pure fold, whose writes the follower that runs it commits together with its checkpoint.
///
/// Each row is written from the facts of one stream only; what joins streams is a view. So a halted stream replays later
/// with the same result, and a rebuild equals what was there.
public protocol Projection: Sendable {
  /// Names the follower.
  static var name: String { get }
  /// The tables that it alone writes, without the schema.
  static var tables: [String] { get }
  /// The categories of the streams that it reads.
  static var categories: [String] { get }
  init()
  /// What a fact changes.
  mutating func changes(for record: FactRecord) throws -> [RowChange]
  /// Reads back an entry that `takeMemory` gave out.
  mutating func restore(key: String, entry: JSON) throws
  /// What it must remember besides its rows: the entries that changed since the last call.
  mutating func takeMemory() throws -> [String: JSON]
}

extension Projection {
  public mutating func restore(key: String, entry: JSON) throws {}
  public mutating func takeMemory() throws -> [String: JSON] { [:] }
}

/// Every projection, in the order in which they are listed.
public let allProjections: [any Projection.Type] = [
  RegistryProjection.self, MonitorsProjection.self, AlertsProjection.self, RunsProjection.self, DeploymentsProjection.self,
  EndpointsProjection.self, ChannelsProjection.self, SchedulesProjection.self, WorkProjection.self,
]

extension JSON {
  init(_ value: some UUIDIdentifier) { self = .string(value.description) }
  init(_ value: UUID) { self = .string(value.lowercased) }
  init(_ value: VersionName?) { self = value.map { .string($0.description) } ?? .null }
  init(_ value: Int64?) { self = value.map { .integer($0) } ?? .null }
}

extension FactRecord {
  /// The position; facts reach projections sealed.
  var place: JSON { JSON(position ?? 0) }
  var time: JSON { JSON(at) }
}
