/// What the values of a column are, which decides how they are compared.
public enum ColumnType: String, Sendable, Hashable, Codable, CaseIterable {
  case numeric, categorical, boolean, datetime, text
}
