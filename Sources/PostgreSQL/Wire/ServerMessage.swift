internal import CLibPQ

/// The fields of an error or notice, by the letters that libpq and the protocol give them.
enum ServerMessage {
  private enum Field: Unicode.Scalar {
    case severity = "V"
    case sqlState = "C"
    case message = "M"
    case detail = "D"
    case hint = "H"
    case position = "P"
    case context = "W"
    case schema = "s"
    case table = "t"
    case column = "c"
    case constraint = "n"
  }

  private static func field(_ result: OpaquePointer?, _ field: Field) -> String? {
    PQresultErrorField(result, Int32(field.rawValue.value)).map { String(cString: $0) }
  }

  /// The error in a result.
  /// - Parameters:
  ///   - label: what the statement is called.
  ///   - sql: its text, for the excerpt at the error's position.
  static func error(_ result: OpaquePointer?, label: String, sql: String) -> PostgresError {
    let fallback = PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
    var error = PostgresError(
      sqlState: SQLState(rawValue: field(result, .sqlState) ?? "58000"),
      message: field(result, .message) ?? trimmed(fallback),
      detail: field(result, .detail), hint: field(result, .hint), constraint: field(result, .constraint), statement: label)
    error.schema = field(result, .schema)
    error.table = field(result, .table)
    error.column = field(result, .column)
    error.context = field(result, .context)
    if let position = field(result, .position).flatMap({ Int($0) }), position > 0 {
      let rest = sql.unicodeScalars.dropFirst(position - 1).prefix(40)
      let near = String(String.UnicodeScalarView(rest)).split(whereSeparator: \.isWhitespace).joined(separator: " ")
      error.near = near.isEmpty ? "the end" : near
    }
    return error
  }

  /// The severity of a notice (`WARNING`, `NOTICE`, `FATAL` …), not translated.
  static func severity(_ result: OpaquePointer?) -> String { field(result, .severity) ?? "" }

  /// One line of libpq's message about a connection.
  static func connectionMessage(_ connection: OpaquePointer?) -> String {
    let text = PQerrorMessage(connection).map { trimmed(String(cString: $0)) } ?? ""
    return text.isEmpty ? "the server closed the connection" : text
  }

  static func trimmed(_ text: String) -> String { text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: " ") }
}
