/// One SQL statement and its parameters.
///
/// Whatever is interpolated becomes a parameter: `"select x from t where name = \(name)"` is sent as `… name = $1` and the value beside it.
/// Text that must stand in the statement itself goes through `\(unsafeSQL: text)`, a fragment with parameters of its own through `\(fragment)`.
public struct Query: Sendable {
  /// The statement's text, with `$1`, `$2` … for its parameters.
  public private(set) var sql: String
  /// What errors and logs call the statement; when nil, they show how it begins.
  public var name: String?
  /// The values of `$1`, `$2` …
  private(set) var parameters: Parameters
  /// Why the query cannot be sent: a value that PostgreSQL cannot hold. Thrown when it is run.
  private(set) var failure: PostgresEncodingError?
  /// Whether the text numbers its parameters itself, so that it cannot become a fragment.
  private let isNumberedByHand: Bool

  /// A statement that numbers its parameters itself.
  /// - Parameters:
  ///   - unsafeSQL: the text; nothing in it is escaped.
  ///   - values: the values of `$1`, `$2` …; nil is NULL.
  ///   - name: what errors and logs call it.
  public init(unsafeSQL sql: String, _ values: [(any PostgresEncodable)?] = [], name: String? = nil) {
    self.sql = sql
    self.name = name
    parameters = Parameters()
    isNumberedByHand = !values.isEmpty
    for value in values { append(value) }
  }

  /// The same query under a name for errors and logs.
  public func named(_ name: String) -> Query {
    var copy = self
    copy.name = name
    return copy
  }

  /// How errors and logs name it: never with the values of its parameters.
  var label: String {
    if let name { return name }
    let words = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.count <= 60 ? words : words.prefix(59) + "…"
  }

  private mutating func append(_ value: (any PostgresEncodable)?) {
    func open(_ value: some PostgresEncodable) throws { try parameters.append(value, at: sql.utf8.count) }
    do {
      if let value { try open(value) } else { try parameters.append(String?.none, at: sql.utf8.count) }
    } catch {
      failure = failure ?? (error as? PostgresEncodingError) ?? PostgresEncodingError("\(error)")
    }
  }
}

extension Query: ExpressibleByStringInterpolation {
  /// A statement without parameters.
  public init(stringLiteral value: String) { self.init(unsafeSQL: value) }

  /// Made by the compiler of an interpolated string; every interpolation has become a parameter or a fragment.
  public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.query }

  /// Gathers text and parameters.
  public struct StringInterpolation: StringInterpolationProtocol, Sendable {
    fileprivate var query = Query(unsafeSQL: "")

    /// Called by the compiler; the counts only reserve room.
    public init(literalCapacity: Int, interpolationCount: Int) {
      query.sql.reserveCapacity(literalCapacity + interpolationCount * 3)
    }

    public mutating func appendLiteral(_ literal: String) { query.sql += literal }

    /// A parameter.
    public mutating func appendInterpolation(_ value: some PostgresEncodable) {
      do {
        try query.parameters.append(value, at: query.sql.utf8.count)
      } catch {
        query.failure = query.failure ?? (error as? PostgresEncodingError) ?? PostgresEncodingError("\(error)")
      }
      query.appendPlaceholder(query.parameters.count)
    }

    /// A parameter that may be NULL.
    public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
      func add(_ value: some PostgresEncodable) { appendInterpolation(value) }
      add(value)
    }

    /// Text of the statement itself; nothing in it is escaped.
    public mutating func appendInterpolation(unsafeSQL text: String) { query.sql += text }

    /// A fragment: its text and its parameters, numbered anew.
    public mutating func appendInterpolation(_ fragment: Query) { query.append(fragment) }
  }
}

extension Query {
  fileprivate mutating func appendPlaceholder(_ number: Int) {
    sql += "$"
    sql += String(number)
  }

  /// Adds a fragment's text and its parameters, numbered anew.
  public mutating func append(_ fragment: Query) {
    failure = failure ?? fragment.failure
    guard !fragment.isNumberedByHand else {
      failure = failure ?? PostgresEncodingError("a query that numbers its parameters itself cannot be part of another: \(fragment.label)")
      return
    }
    let text = fragment.sql.utf8
    var from = text.startIndex
    for (index, position) in fragment.parameters.positions.enumerated() {
      let place = text.index(text.startIndex, offsetBy: position)
      sql += fragment.sql[from..<place]
      parameters.append(entry: index, of: fragment.parameters, at: sql.utf8.count)
      appendPlaceholder(parameters.count)
      from = text.index(place, offsetBy: 1 + String(index + 1).utf8.count)
    }
    sql += fragment.sql[from...]
  }
}
