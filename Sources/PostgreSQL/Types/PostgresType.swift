/// A data type of PostgreSQL, by its object identifier in `pg_type`.
public struct PostgresType: Hashable, Sendable {
  /// The object identifier.
  public let oid: UInt32

  public init(oid: UInt32) { self.oid = oid }

  /// Left to the server, which infers it from where the parameter stands.
  public static let unknown = PostgresType(oid: 0)
  public static let bool = PostgresType(oid: 16)
  public static let bytea = PostgresType(oid: 17)
  public static let char = PostgresType(oid: 18)
  public static let name = PostgresType(oid: 19)
  public static let int8 = PostgresType(oid: 20)
  public static let int2 = PostgresType(oid: 21)
  public static let int4 = PostgresType(oid: 23)
  public static let text = PostgresType(oid: 25)
  public static let objectIdentifier = PostgresType(oid: 26)
  public static let xid = PostgresType(oid: 28)
  public static let json = PostgresType(oid: 114)
  public static let float4 = PostgresType(oid: 700)
  public static let float8 = PostgresType(oid: 701)
  public static let bpchar = PostgresType(oid: 1042)
  public static let varchar = PostgresType(oid: 1043)
  public static let date = PostgresType(oid: 1082)
  public static let timestamp = PostgresType(oid: 1114)
  public static let timestamptz = PostgresType(oid: 1184)
  public static let interval = PostgresType(oid: 1186)
  public static let numeric = PostgresType(oid: 1700)
  public static let void = PostgresType(oid: 2278)
  public static let uuid = PostgresType(oid: 2950)
  public static let jsonb = PostgresType(oid: 3802)
  public static let xid8 = PostgresType(oid: 5069)

  public static let boolArray = PostgresType(oid: 1000)
  public static let byteaArray = PostgresType(oid: 1001)
  public static let int2Array = PostgresType(oid: 1005)
  public static let int4Array = PostgresType(oid: 1007)
  public static let textArray = PostgresType(oid: 1009)
  public static let int8Array = PostgresType(oid: 1016)
  public static let float8Array = PostgresType(oid: 1022)
  public static let timestamptzArray = PostgresType(oid: 1185)
  public static let intervalArray = PostgresType(oid: 1187)
  public static let uuidArray = PostgresType(oid: 2951)
  public static let jsonbArray = PostgresType(oid: 3807)
  public static let xid8Array = PostgresType(oid: 271)

  private static let names: [UInt32: String] = [
    16: "boolean", 17: "bytea", 18: "\"char\"", 19: "name", 20: "bigint", 21: "smallint", 23: "integer", 25: "text", 26: "oid", 28: "xid",
    114: "json", 700: "real", 701: "double precision", 1042: "character", 1043: "character varying", 1082: "date", 1114: "timestamp",
    1184: "timestamptz", 1186: "interval", 1700: "numeric", 2278: "void", 2950: "uuid", 3802: "jsonb", 5069: "xid8", 1000: "boolean[]",
    1001: "bytea[]", 1005: "smallint[]", 1007: "integer[]", 1009: "text[]", 1016: "bigint[]", 1022: "double precision[]",
    1185: "timestamptz[]", 1187: "interval[]", 2951: "uuid[]", 3807: "jsonb[]", 271: "xid8[]",
  ]
}

extension PostgresType: CustomStringConvertible {
  /// The name as SQL writes it, or `type 12345`.
  public var description: String { PostgresType.names[oid] ?? "type \(oid)" }
}
