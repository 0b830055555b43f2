/// What the server refused, with all it said.
///
/// `description` is fit for logs and events: it has the state, the message, the constraint and the statement's name, but no detail and, for
/// data errors (class 22), nothing that the message quotes, because both repeat values. `debugDescription` has everything.
public struct PostgresError: Error, Hashable, Sendable {
  /// What to tell errors apart by.
  public var sqlState: SQLState
  /// What the server said. It may quote values.
  public var message: String
  /// More about it, often with values: `Key (name)=(x) already exists.`
  public var detail: String?
  /// What the server advises. It may quote values.
  public var hint: String?
  /// The constraint that was violated, if one was.
  public var constraint: String?
  /// The schema of what it is about, if the server says so.
  public var schema: String?
  /// The table that it is about, if the server says so.
  public var table: String?
  /// The column that it is about, if the server says so.
  public var column: String?
  /// Where in a function it happened, as a stack of contexts.
  public var context: String?
  /// The statement's name, or how it begins; never its parameters.
  public var statement: String
  /// For an error in the statement's text: some of the text from where the server found it.
  public var near: String?

  /// What else the server said (schema, table, column, context, near) is set afterwards.
  public init(
    sqlState: SQLState, message: String, detail: String? = nil, hint: String? = nil, constraint: String? = nil, statement: String
  ) {
    self.sqlState = sqlState
    self.message = message
    self.detail = detail
    self.hint = hint
    self.constraint = constraint
    self.statement = statement
  }

  /// Whether the same transaction may succeed when it is run again: a serialization failure or a deadlock.
  public var isRetryable: Bool { sqlState == .serializationFailure || sqlState == .deadlockDetected }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
  /// One line for logs and events: without detail, and in data errors without values.
  public var description: String {
    var text = "\(safeMessage) (SQLSTATE \(sqlState)"
    if let constraint { text += ", constraint \(constraint)" }
    text += ", statement: \(statement)"
    if let near { text += ", at: \(near)" }
    text += ")"
    if let hint {
      text += "; \(hint)"
    } else if sqlState == .readOnlyTransaction {
      text += "; this server only reads, as a standby does: target_session_attrs=read-write in the URL finds the primary among several hosts"
    }
    return text
  }

  /// All that the server said, values included: for a terminal, never for the log.
  public var debugDescription: String {
    var text = "\(message) (SQLSTATE \(sqlState))"
    let more = [
      ("detail", detail), ("hint", hint), ("constraint", constraint), ("schema", schema), ("table", table), ("column", column), ("at", near),
      ("context", context), ("statement", statement),
    ]
    for (name, value) in more { if let value { text += "\n  \(name): \(value)" } }
    return text
  }

  /// The message; in data errors what stands in double quotes is a value and is left out.
  private var safeMessage: String {
    guard sqlState.category == "22" else { return message }
    let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.enumerated().map { $0.offset % 2 == 0 ? String($0.element) : "…" }.joined(separator: "\"")
  }
}

/// The connection broke, or could not be made. The pool makes a new one; what was being done may be tried again.
public struct ConnectionLost: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the statement may have done.
  public enum Outcome: Hashable, Sendable {
    /// Nothing took effect.
    case nothingDone
    /// It may or may not have taken effect: the connection broke before the answer came.
    case unknown
  }

  /// What happened, as libpq or the server said it.
  public var reason: String
  /// Whether it is safe to send the same again.
  public var outcome: Outcome
  /// The server's last word, if it had one: a shutdown (57P01), a timeout while idle in a transaction (25P03) …
  public var cause: PostgresError?

  /// Takes the values as they are; nothing is checked.
  public init(reason: String, outcome: Outcome, cause: PostgresError? = nil) {
    self.reason = reason
    self.outcome = outcome
    self.cause = cause
  }

  /// One line for logs.
  public var description: String {
    let first = cause.map { "\($0.message) (SQLSTATE \($0.sqlState))" } ?? reason
    switch outcome {
    case .nothingDone: return "the connection to PostgreSQL is lost: \(first)"
    case .unknown: return "the connection to PostgreSQL is lost before the answer came, what was sent may have taken effect: \(first)"
    }
  }
}

/// The client was used in a way that cannot work.
public enum PostgresUsageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The client has been closed.
  case closed
  /// A connection or transaction was used after its scope had ended.
  case scopeEnded
  /// No connection of the pool became free within the time.
  case poolExhausted(limit: Int, waited: Duration)
  /// `COPY` has to go through `copyIn` or `copyOut`.
  case copyInQuery(statement: String)
  /// `copyIn` or `copyOut` was given a statement that copies nothing, or the other way.
  case notACopy(statement: String)
  /// `COMMIT` found the transaction aborted by an earlier error that the body had caught.
  case transactionAborted

  /// One line for logs, and where it can be mended what to do.
  public var description: String {
    switch self {
    case .closed: "the PostgreSQL client is closed"
    case .scopeEnded: "a connection or transaction was used after its scope had ended"
    case .poolExhausted(let limit, let waited):
      "none of the \(limit) PostgreSQL connections became free within \(waited); raise the limit, or find what holds them"
    case .copyInQuery(let statement): "COPY cannot run as a query; use copyIn or copyOut: \(statement)"
    case .notACopy(let statement): "not a COPY statement of this direction: \(statement)"
    case .transactionAborted: "the transaction was rolled back: one of its statements had failed and the error was caught"
    }
  }
}
