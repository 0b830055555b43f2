/// One thing that a connection is asked to do. What changes in it is guarded by the lock of its wire.
///
/// Unchecked: see above.
final class Operation: @unchecked Sendable {
  enum Work: Sendable {
    case query(Query)
    case pipeline([Query])
    /// Several statements without parameters; their rows are thrown away.
    case script(String, label: String)
    case copyIn(Query)
    case copyOut(Query)
  }

  /// One message of a pipeline, in the order in which the server answers.
  enum Step {
    case deallocate
    case prepare(StatementCache.Key, query: Int)
    case execute(query: Int)
  }

  enum Phase {
    case waiting, running
    /// The server takes data, or gives it.
    case copying
    /// All answers are in, but a cancel request is still under way: it must not hit the next query.
    case held
    case finished
  }

  /// Why the waiting task wakes.
  enum Wake: Sendable {
    case finished(Result<[Rows], any Error>)
    /// COPY has begun, its data has gone out, or some has come.
    case ready
  }

  let work: Work
  /// The scope in which it was asked for; nil for what the client itself does.
  let scope: Int?
  var phase = Phase.waiting
  var isCancelRequested = false
  var waiter: CheckedContinuation<Wake, Never>?
  var rows: [Rows] = []
  var error: (any Error)?
  var outcome: Result<[Rows], any Error>?
  var steps: [Step] = []
  var nextStep = 0
  var isPipelined = false
  /// Whether a statement ran under a name that the server may have forgotten.
  var usedPrepared: StatementCache.Key?
  /// Whether a transaction was open when it was sent.
  var startedInsideTransaction = false
  /// Whether losing the connection now surely undoes it: it is part of an open transaction and does not commit it.
  var isInsideTransaction = false
  /// What has come of a COPY OUT and has not been read.
  var received: [UInt8] = []
  var isReadingPaused = false

  init(_ work: Work, scope: Int?) {
    self.work = work
    self.scope = scope
  }

  /// The name for errors of the statement with this index.
  func label(_ index: Int) -> String {
    switch work {
    case .query(let query), .copyIn(let query), .copyOut(let query): query.label
    case .pipeline(let queries): queries.indices.contains(index) ? queries[index].label : "pipeline"
    case .script(_, let label): label
    }
  }

  /// The text of the statement with this index.
  func sql(_ index: Int) -> String {
    switch work {
    case .query(let query), .copyIn(let query), .copyOut(let query): query.sql
    case .pipeline(let queries): queries.indices.contains(index) ? queries[index].sql : ""
    case .script(let text, _): text
    }
  }
}
