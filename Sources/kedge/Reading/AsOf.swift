internal import ArgumentParser
internal import EventLog
internal import PostgreSQL
internal import Projections
internal import Values

/// An earlier time or position, for `--as-of`.
enum AsOf: ExpressibleByArgument, Equatable {
  case position(Int64)
  case time(Timestamp)

  init?(argument: String) {
    if let position = Int64(argument) {
      self = .position(position)
    } else if let time = Timestamp(argument) {
      self = .time(time)
    } else {
      return nil
    }
  }

  /// The position, and the time at which it was given.
  /// - Throws: a complaint with exit code 2 when the log does not reach so far.
  func moment(_ database: any Queryable) async throws -> Moment {
    let head = try await EventStore(database).head()
    let position: Int64
    switch self {
    case .position(let wanted):
      guard (0...head).contains(wanted) else {
        throw Complaint(.badUsage, "--as-of \(wanted): the log goes from 1 to \(head); name a position that it has, or a time")
      }
      position = wanted
    case .time(let wanted):
      let (now, found) = try await database.query(
        "select clock_timestamp(), audit.position_at(\(wanted))", as: Timestamp.self, Int64.self
      )[0]
      guard wanted <= now else { throw Complaint(.badUsage, "--as-of \(wanted): that is in the future, it is \(now) now; name a time that has passed") }
      return Moment(position: found, at: wanted)
    }
    let at = try await database.query("select sealed_at from audit.event where position = \(position)", as: Timestamp.self).first
    return Moment(position: position, at: at ?? Timestamp(microseconds: 0))
  }

  /// A place in the log.
  struct Moment {
    let position: Int64
    let at: Timestamp
  }

  /// Hands `body` the read models of then.
  /// - Parameter kinds: that it reads.
  func read<Result>(_ kinds: [Kind], from client: PostgresClient, _ common: CommonOptions, _ body: (ReadModel) async throws -> Result) async throws -> Result {
    if let kind = kinds.first(where: { $0.isBesideTheLog }) {
      throw Complaint(.badUsage, "--as-of: \(kind.name) lie beside the log, which does not tell what they were at an earlier time; leave --as-of out")
    }
    return try await client.withTransaction(retries: 0) { transaction in
      let moment = try await moment(transaction)
      let model = ReadModel(database: transaction, moment: moment)
      for stream in try await PastReadModels(transaction, upTo: moment.position).replay(Set(kinds.flatMap { $0.tables })) {
        common.say("kedge: \(stream) is shown as before an event that cannot be read; `kedge get projections` tells more")
      }
      return try await body(model)
    }
  }
}

/// What `get` and `describe` take to look at an earlier time.
struct PastOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("As it stood at a time, e.g. 2026-11-23T06:10:00Z, or when a position of the log was given.", valueName: "time|position"))
  var asOf: AsOf?

  /// Hands `body` the read models of now, or those of the earlier time.
  /// - Parameter kinds: that it reads.
  func read<Result>(_ kinds: [Kind], from client: PostgresClient, _ common: CommonOptions, _ body: (ReadModel) async throws -> Result) async throws -> Result {
    guard let asOf else { return try await body(ReadModel(database: client)) }
    return try await asOf.read(kinds, from: client, common, body)
  }
}

extension Kind {
  fileprivate var isBesideTheLog: Bool { if case .none = past { true } else { false } }

  /// What is read of an earlier time.
  private var pastSQL: String {
    switch past {
    case .all: sql
    case .part(let sql): sql
    case .none: ""
    }
  }

  /// The tables of the schema `kedge` that are read of an earlier time.
  fileprivate var tables: [String] { pastSQL.matches(of: /kedge\.([a-z_]+)/).map { String($0.1) } }

  /// The query for an earlier time, over the tables that were replayed for it.
  func sql(at moment: AsOf.Moment) -> String {
    pastSQL.replacing(/kedge\.([a-z_]+)/) { "pg_temp.\($0.1)" }.replacing("clock_timestamp()", with: "timestamptz '\(moment.at)'")
  }
}
