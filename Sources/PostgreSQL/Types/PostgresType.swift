/// A data type of PostgreSQL, by its object identifier in `pg_type`.
public struct PostgresType: Hashable, Sendable {
  /// The object identifier.
  public let oid: UInt32

  /// A number of `pg_type.oid`; any number will do.
  public init(oid: UInt32) { self.oid = oid }

  /// Left to the server, which infers it from where the parameter stands.
  public static let unknown = PostgresType(oid: 0)
  /// `boolean`
  public static let bool = PostgresType(oid: 16)
  /// `bytea`
  public static let bytea = PostgresType(oid: 17)
  /// `"char"`, one byte; not `char(n)`, which is `bpchar`.
  public static let char = PostgresType(oid: 18)
  /// `name`, which the catalogue uses.
  public static let name = PostgresType(oid: 19)
  /// `bigint`
  public static let int8 = PostgresType(oid: 20)
  /// `smallint`
  public static let int2 = PostgresType(oid: 21)
  /// `integer`
  public static let int4 = PostgresType(oid: 23)
  /// `text`
  public static let text = PostgresType(oid: 25)
  /// `oid`
  public static let objectIdentifier = PostgresType(oid: 26)
  /// `xid`, of 32 bits, which wraps around.
  public static let xid = PostgresType(oid: 28)
  /// `json`, kept as it was written.
  public static let json = PostgresType(oid: 114)
  /// `real`
  public static let float4 = PostgresType(oid: 700)
  /// `double precision`
  public static let float8 = PostgresType(oid: 701)
  /// `character(n)`, padded with blanks.
  public static let bpchar = PostgresType(oid: 1042)
  /// `character varying`
  public static let varchar = PostgresType(oid: 1043)
  /// `date`
  public static let date = PostgresType(oid: 1082)
  /// `timestamp` without a time zone: no instant.
  public static let timestamp = PostgresType(oid: 1114)
  /// `timestamptz`: an instant.
  public static let timestamptz = PostgresType(oid: 1184)
  /// `interval`
  public static let interval = PostgresType(oid: 1186)
  /// `numeric`, of any precision.
  public static let numeric = PostgresType(oid: 1700)
  /// `void`: what a function gives that gives nothing.
  public static let void = PostgresType(oid: 2278)
  /// `uuid`
  public static let uuid = PostgresType(oid: 2950)
  /// `jsonb`
  public static let jsonb = PostgresType(oid: 3802)
  /// `xid8`, of 64 bits.
  public static let xid8 = PostgresType(oid: 5069)

  /// `boolean[]`
  public static let boolArray = PostgresType(oid: 1000)
  /// `bytea[]`
  public static let byteaArray = PostgresType(oid: 1001)
  /// `smallint[]`
  public static let int2Array = PostgresType(oid: 1005)
  /// `integer[]`
  public static let int4Array = PostgresType(oid: 1007)
  /// `text[]`
  public static let textArray = PostgresType(oid: 1009)
  /// `bigint[]`
  public static let int8Array = PostgresType(oid: 1016)
  /// `double precision[]`
  public static let float8Array = PostgresType(oid: 1022)
  /// `timestamptz[]`
  public static let timestamptzArray = PostgresType(oid: 1185)
  /// `interval[]`
  public static let intervalArray = PostgresType(oid: 1187)
  /// `uuid[]`
  public static let uuidArray = PostgresType(oid: 2951)
  /// `jsonb[]`
  public static let jsonbArray = PostgresType(oid: 3807)
  /// `xid8[]`
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
