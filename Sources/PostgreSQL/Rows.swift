internal import CLibPQ
internal import Glibc

/// Owns a `PGresult`.
///
/// Unchecked: libpq documents that a result, once complete, is immutable and may be read from several threads.
final class ResultBox: @unchecked Sendable {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { PQclear(pointer) }
}

/// A column of a result.
public struct Column: Hashable, Sendable {
  /// As the statement names it; not necessarily unique.
  public let name: String
  /// The type that its values are sent in.
  public let type: PostgresType
}

/// The answer to one statement.
public struct Rows: Sendable {
  /// Nil when the statement was empty.
  let box: ResultBox?
  /// How many rows there are.
  public let count: Int

  init(_ box: ResultBox?) {
    self.box = box
    count = box.map { Int(PQntuples($0.pointer)) } ?? 0
  }

  /// How many rows the statement inserted, changed, deleted or gave.
  public var affected: Int {
    guard let box, let text = PQcmdTuples(box.pointer) else { return 0 }
    return Int(String(cString: text)) ?? 0
  }

  /// The columns, from left to right.
  public var columns: [Column] {
    guard let box else { return [] }
    return (0..<PQnfields(box.pointer)).map {
      Column(name: PQfname(box.pointer, $0).map { String(cString: $0) } ?? "", type: PostgresType(oid: PQftype(box.pointer, $0)))
    }
  }

  /// What the server called it: `COMMIT`, `INSERT 0 1` …
  var commandTag: String { box.flatMap { PQcmdStatus($0.pointer) }.map { String(cString: $0) } ?? "" }
}

extension Rows: RandomAccessCollection {
  /// Always 0.
  public var startIndex: Int { 0 }
  /// One past the last row.
  public var endIndex: Int { count }

  public subscript(index: Int) -> Row {
    precondition(index >= 0 && index < count, "row \(index) of \(count)")
    return Row(box: box, index: Int32(index))
  }
}

extension Rows {
  /// The first column of every row.
  /// - Throws: `PostgresDecodingError`.
  public func decode<Value: PostgresDecodable>(_ type: Value.Type) throws -> [Value] { try map { try $0.decode(type, at: 0) } }

  /// Every row, read by position: `rows.decode(UUID.self, String.self)` is `[(UUID, String)]`.
  /// - Throws: `PostgresDecodingError`.
  public func decode<each Value: PostgresDecodable>(_ types: repeat (each Value).Type) throws -> [(repeat each Value)] {
    var result: [(repeat each Value)] = []
    result.reserveCapacity(count)
    for row in self { result.append(try row.decode(repeat each types)) }
    return result
  }
}

/// One row of a result.
public struct Row: Sendable {
  let box: ResultBox?
  let index: Int32

  /// How many columns it has.
  public var count: Int { box.map { Int(PQnfields($0.pointer)) } ?? 0 }

  /// The value in a column.
  /// - Parameter column: counted from 0.
  /// - Throws: `PostgresDecodingError`, also when there is no such column.
  public func decode<Value: PostgresDecodable>(_ type: Value.Type, at column: Int) throws -> Value {
    guard let box, column >= 0, column < count else {
      throw PostgresDecodingError(column: "#\(column)", type: .unknown, expected: "\(Value.self)", reason: "the result has \(count) columns")
    }
    let field = Int32(column)
    return try withExtendedLifetime(box) {
      let result = box.pointer
      let bytes: UnsafeRawBufferPointer? =
        PQgetisnull(result, index, field) != 0
        ? nil : UnsafeRawBufferPointer(start: PQgetvalue(result, index, field), count: Int(PQgetlength(result, index, field)))
      return try Value.decode(
        Cell(
          bytes: bytes, type: PostgresType(oid: PQftype(result, field)), column: { PQfname(box.pointer, field).map { String(cString: $0) } ?? "" }))
    }
  }

  /// The value in the column of that name.
  /// - Throws: `PostgresDecodingError`, also when there is no such column.
  public subscript<Value: PostgresDecodable>(column: String, as type: Value.Type) -> Value {
    get throws { try decode(type, at: try position(of: column, for: type)) }
  }

  /// The first column.
  /// - Throws: `PostgresDecodingError`.
  public func decode<Value: PostgresDecodable>(_ type: Value.Type) throws -> Value { try decode(type, at: 0) }

  /// The columns by position: `try row.decode(UUID.self, String.self, Int?.self)`.
  /// - Throws: `PostgresDecodingError`.
  public func decode<each Value: PostgresDecodable>(_ types: repeat (each Value).Type) throws -> (repeat each Value) {
    var column = -1
    func next<One: PostgresDecodable>(_ type: One.Type) throws -> One {
      column += 1
      return try decode(type, at: column)
    }
    return (repeat try next(each types))
  }

  private func position(of column: String, for type: Any.Type) throws -> Int {
    guard let box else { throw missing(column, type) }
    return try column.withCString { wanted in
      for field in 0..<PQnfields(box.pointer) where PQfname(box.pointer, field).map({ strcmp($0, wanted) == 0 }) ?? false { return Int(field) }
      throw missing(column, type)
    }
  }

  private func missing(_ column: String, _ type: Any.Type) -> PostgresDecodingError {
    let names = Rows(box).columns.map(\.name).joined(separator: ", ")
    return PostgresDecodingError(column: column, type: .unknown, expected: "\(type)", reason: "the result has no such column; it has \(names)")
  }
}
