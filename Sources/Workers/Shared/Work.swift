public import EventLog
public import Foundation
public import Lifecycle
public import PostgreSQL
public import Values

/// A piece of work that this process has claimed.
public struct Work: Sendable {
  /// Derived from the event that asks for it and the kind, so that a rebuild gives the same.
  public let id: UUID
  /// Which handler does it.
  public let kind: WorkKind
  /// The stream whose fact asks for it.
  public let stream: String
  /// What it is about, e.g. `STREAM/WINDOW`: newer work about the same takes its place.
  public let subject: String
  /// What the handler needs beside the stream's state.
  public let data: JSON
  /// The fencing token: one higher at each claim.
  public let token: Int64

  /// What must be shown to record an outcome.
  public var lease: LeaseToken { LeaseToken(work: id, token: token) }

  /// The part of the stream's name after the category.
  public var name: String { String(stream.drop { $0 != "/" }.dropFirst()) }
}

/// Claims work and keeps its leases.
struct WorkQueue: Sendable {
  let database: PostgresClient
  let holder: String
  /// How long a lease lasts without a heartbeat.
  let lease: Duration

  func claim(_ kinds: [WorkKind], atMost limit: Int, pool: String?) async throws -> [Work] {
    let rows = try await database.query(
      """
      select id, kind, stream, subject, data, token
      from kedge.claim(\(kinds.map(\.rawValue)), \(holder), make_interval(secs => \(lease.inSeconds)), \(Int32(limit)), \(pool.map { [$0] }))
      """)
    return try rows.compactMap { row in
      let (id, kind, stream, subject, data, token) = try row.decode(UUID.self, String.self, String.self, String.self, JSON.self, Int64.self)
      return WorkKind(rawValue: kind).map { Work(id: id, kind: $0, stream: stream, subject: subject, data: data, token: token) }
    }
  }

  /// Prolongs a lease.
  /// - Throws: `PostgresError` with `KE003` when it is no longer ours.
  func heartbeat(_ work: Work) async throws {
    try await database.query("select kedge.heartbeat(\(work.id), \(work.token), make_interval(secs => \(lease.inSeconds)))")
  }

  /// Gives work back at once. Without a connection the lease runs out by itself.
  func release(_ work: Work) async { _ = try? await database.query("select kedge.release(\(work.id), \(work.token))") }
}
