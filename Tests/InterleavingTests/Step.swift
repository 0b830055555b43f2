/// What a session can be told to do next.
enum Step: Equatable, Sendable {
  case begin
  /// Draws a transaction id before anything is locked.
  case identify
  /// Locks a row of `kedge.work`: an id, and a lock, before those of a stream.
  case lockWork(Int)
  /// Locks a row of `kedge.lease`: what claims pass over, and appends for the work wait for.
  case lockLease(Int)
  case savepoint
  case rollBackTo
  case releaseSavepoint
  case append(Appending)
  case commit
  case abort
  /// Hands the transaction to the server: it stays open without a session, until the scheduler ends it.
  case prepare
  case seal
  /// Begins an epoch, as after a restore.
  case raiseEpoch
  /// Leaves old events out of what is looked into, as the projector on duty does.
  case raiseFloor
  /// Follows the log: the sealed events after what this session has read.
  case read
  case claim
  case giveBack(Claim)
  case heartbeat(Claim)
  /// Time passes: the lease of this piece of work runs out, whoever holds it.
  case expire(Int)

  /// An append to one stream or two.
  struct Appending: Equatable, Sendable {
    /// Numbers of streams, and how many events go to each.
    var streams: [Int]
    var events = 1
    /// The version that the first stream is expected at; nil expects nothing.
    var expected: Int64?
    /// An event that its writer has seen.
    var cause: String?
    var key: Int?
    var lease: Claim?
    var completing = false
  }

  /// Work that a session was given.
  struct Claim: Hashable, Sendable {
    var work: String
    var token: Int64
  }
}

extension Step: CustomStringConvertible {
  var description: String {
    switch self {
    case .lockWork(let work): "lock work \(work)"
    case .lockLease(let work): "lock lease \(work)"
    case .rollBackTo: "roll back to savepoint"
    case .releaseSavepoint: "release savepoint"
    case .raiseEpoch: "raise epoch"
    case .raiseFloor: "raise floor"
    case .giveBack(let claim): "give back token \(claim.token)"
    case .heartbeat(let claim): "heartbeat with token \(claim.token)"
    case .expire(let work): "lease \(work) runs out"
    case .append(let append):
      "append \(append.events) to stream \(append.streams.map(String.init).joined(separator: " and "))"
        + (append.expected.map { " at version \($0)" } ?? "") + (append.key.map { " under key \($0)" } ?? "")
        + (append.cause == nil ? "" : " because of what it has seen")
        + (append.lease.map { " with token \($0.token)" } ?? "") + (append.completing ? ", completing" : "")
    default: name
    }
  }

  private var name: String {
    switch self {
    case .begin: "begin"
    case .identify: "draw a transaction id"
    case .savepoint: "savepoint"
    case .commit: "commit"
    case .abort: "abort"
    case .prepare: "prepare"
    case .seal: "seal"
    case .read: "read"
    case .claim: "claim"
    default: ""
    }
  }
}
