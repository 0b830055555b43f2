/// The five characters that PostgreSQL, or a function of ours, gives an error. Match errors by this, never by their text.
public struct SQLState: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// Five digits and upper-case letters.
  public let rawValue: String

  /// Any text; only those of five characters ever match.
  public init(rawValue: String) { self.rawValue = rawValue }
  /// Any text; only those of five characters ever match.
  public init(stringLiteral value: String) { rawValue = value }

  /// The five characters.
  public var description: String { rawValue }

  /// The first two characters: the class of the error.
  public var category: String { String(rawValue.prefix(2)) }

  /// `feature_not_supported`: not in this version, or not on this kind of object.
  public static let featureNotSupported: SQLState = "0A000"
  /// `character_not_in_repertoire`: bytes that are not valid in the encoding.
  public static let characterNotInRepertoire: SQLState = "22021"
  /// `numeric_value_out_of_range`: a number that its type cannot hold.
  public static let numericValueOutOfRange: SQLState = "22003"
  /// `division_by_zero`.
  public static let divisionByZero: SQLState = "22012"
  /// `invalid_text_representation`: text that is no value of its type.
  public static let invalidTextRepresentation: SQLState = "22P02"
  /// `bad_copy_file_format`: data for COPY that do not fit the table.
  public static let badCopyFileFormat: SQLState = "22P04"
  /// `invalid_binary_representation`: bytes that are no value of their type.
  public static let invalidBinaryRepresentation: SQLState = "22P03"
  /// `not_null_violation`: NULL where none may be.
  public static let notNullViolation: SQLState = "23502"
  /// `foreign_key_violation`: a reference to a row that is not there, or to one that would go.
  public static let foreignKeyViolation: SQLState = "23503"
  /// `unique_violation`: the key is there already.
  public static let uniqueViolation: SQLState = "23505"
  /// `check_violation`: a CHECK constraint says no.
  public static let checkViolation: SQLState = "23514"
  /// `exclusion_violation`: a row conflicts with another by an EXCLUDE constraint.
  public static let exclusionViolation: SQLState = "23P01"
  /// `active_sql_transaction`: it cannot run inside a transaction.
  public static let activeTransaction: SQLState = "25001"
  /// `read_only_sql_transaction`: writing where only reading is allowed, as on a standby.
  public static let readOnlyTransaction: SQLState = "25006"
  /// `in_failed_sql_transaction`: an earlier statement has failed; only ROLLBACK helps.
  public static let inFailedTransaction: SQLState = "25P02"
  /// `idle_in_transaction_session_timeout`: the server ended the session because its transaction stood idle.
  public static let idleInTransactionTimeout: SQLState = "25P03"
  /// `invalid_sql_statement_name`: the prepared statement is not there, as behind a pooler.
  public static let invalidStatementName: SQLState = "26000"
  /// `invalid_authorization_specification`: no such role, or it may not connect this way.
  public static let invalidAuthorization: SQLState = "28000"
  /// `invalid_password`.
  public static let invalidPassword: SQLState = "28P01"
  /// `invalid_catalog_name`: no such database.
  public static let invalidDatabase: SQLState = "3D000"
  /// `serialization_failure`: run the transaction again.
  public static let serializationFailure: SQLState = "40001"
  /// `deadlock_detected`: run the transaction again.
  public static let deadlockDetected: SQLState = "40P01"
  /// `insufficient_privilege`: the role may not do that.
  public static let insufficientPrivilege: SQLState = "42501"
  /// `syntax_error`.
  public static let syntaxError: SQLState = "42601"
  /// `undefined_column`.
  public static let undefinedColumn: SQLState = "42703"
  /// `undefined_function`: none of that name takes these arguments.
  public static let undefinedFunction: SQLState = "42883"
  /// `undefined_table`.
  public static let undefinedTable: SQLState = "42P01"
  /// `duplicate_table`: one of that name is there already.
  public static let duplicateTable: SQLState = "42P07"
  /// `duplicate_object`: something of that name is there already, such as a role.
  public static let duplicateObject: SQLState = "42710"
  /// `duplicate_database`: one of that name is there already.
  public static let duplicateDatabase: SQLState = "42P04"
  /// `too_many_connections`: the server's limit is reached; it passes.
  public static let tooManyConnections: SQLState = "53300"
  /// `lock_not_available`: NOWAIT, or the lock timeout ran out.
  public static let lockNotAvailable: SQLState = "55P03"
  /// `object_in_use`: somebody still uses it, such as a database that is to be dropped.
  public static let objectInUse: SQLState = "55006"
  /// `query_canceled`: on request, or by the statement timeout.
  public static let queryCanceled: SQLState = "57014"
  /// `admin_shutdown`: the server stops, or somebody ended the session.
  public static let adminShutdown: SQLState = "57P01"
  /// `crash_shutdown`: another server process died, and all sessions were ended.
  public static let crashShutdown: SQLState = "57P02"
  /// `cannot_connect_now`: the server is starting or stopping; it passes.
  public static let cannotConnectNow: SQLState = "57P03"
  /// `raise_exception`: `RAISE EXCEPTION` without a code of its own.
  public static let raiseException: SQLState = "P0001"
}
