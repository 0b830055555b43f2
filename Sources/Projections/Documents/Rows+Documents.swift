internal import Foundation
public import PostgreSQL
public import Values

extension Rows {
  /// The rows as objects: a column's name is its key, and `a.b` is `b` inside `a`.
  public func documents() throws -> [JSON] {
    let columns = columns.map { (path: $0.name.split(separator: ".").map(String.init), type: $0.type) }
    return try map { row in
      var document: JSON = [:]
      for (index, column) in columns.enumerated() { document.set(column.path[...], try row.json(column.type, at: index)) }
      return document
    }
  }
}

extension Row {
  /// The value of a column as JSON: times as RFC 3339, identifiers as text.
  fileprivate func json(_ type: PostgresType, at index: Int) throws -> JSON {
    switch type {
    case .bool: try decode(Bool?.self, at: index).map { .bool($0) } ?? .null
    case .int2, .int4, .int8: try decode(Int64?.self, at: index).map { .integer($0) } ?? .null
    case .float4, .float8: JSON(try decode(Double?.self, at: index))
    case .uuid: JSON(try decode(UUID?.self, at: index)?.lowercased)
    case .timestamptz: JSON(try decode(Timestamp?.self, at: index))
    case .json, .jsonb: try decode(JSON?.self, at: index) ?? .null
    case .textArray: try decode([String]?.self, at: index).map { JSON($0) } ?? .null
    default: JSON(try decode(String?.self, at: index))
    }
  }
}

extension JSON {
  fileprivate mutating func set(_ path: ArraySlice<String>, _ value: JSON) {
    guard let key = path.first else { self = value; return }
    var inner = self[key] ?? [:]
    inner.set(path.dropFirst(), value)
    self[key] = inner
  }
}
