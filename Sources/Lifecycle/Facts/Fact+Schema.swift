public import Values

extension Fact {
  /// The event's type.
  public var type: String { content.type }

  /// The number of the schema in which facts of this type are written today.
  public var schema: Int { Fact.schema(of: type) }

  /// The event's data.
  /// - Throws: `EncodingError` for a number that is infinite or not a number.
  public func data() throws -> JSON { try JSON(encoding: content.data) }

  /// Reads an event as it was written, in today's or an older schema.
  /// - Returns: nil for a type that Kedge does not know.
  /// - Throws: `DecodingError`, or `UnknownSchema` for a schema newer than this program.
  public init?(type: String, schema: Int, data: JSON) throws {
    try self.init(type: type, schema: schema, data: data, upcasters: Fact.upcasters)
  }

  /// The same with other upcasters than Kedge's own.
  init?(type: String, schema: Int, data: JSON, upcasters: [String: [Upcaster]]) throws {
    // Of a type that is not Kedge's own, its schemas are not Kedge's business either.
    guard Fact.known.contains(type) else { return nil }
    let steps = upcasters[type, default: []]
    guard schema <= 1 + steps.count else { throw UnknownSchema(type: type, schema: schema, newest: 1 + steps.count) }
    try self.init(type: type, current: steps.dropFirst(max(0, schema - 1)).reduce(data) { $1($0) })
  }

  private static let known = Set(types)

  /// Turns the data of one schema into that of the next.
  typealias Upcaster = @Sendable (JSON) -> JSON

  /// For each type whose data has changed its shape, the steps from schema 1 to 2, from 2 to 3 and so on.
  /// Events are never rewritten: they are read through these.
  static let upcasters: [String: [Upcaster]] = [:]

  private static func schema(of type: String) -> Int { 1 + upcasters[type, default: []].count }
}

/// An event written by a newer Kedge than this one.
public struct UnknownSchema: Error, Equatable, CustomStringConvertible {
  /// The event's type.
  public let type: String
  /// The schema that it was written in.
  public let schema: Int
  /// The newest that this program reads.
  public let newest: Int

  /// For people, and what to do.
  public var description: String { "\(type) has schema \(schema), and this version of Kedge reads up to \(newest); run a newer one" }
}
