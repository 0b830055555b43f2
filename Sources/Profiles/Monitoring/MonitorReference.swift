/// What a monitor compares its windows with, made ready once: its inputs, those of each group, and what it says of the model.
public struct MonitorReference: Sendable {
  /// All of it, sorted and counted.
  public let whole: ComparisonReference
  /// The largest groups that are large enough, by name; empty without a group column.
  public let groups: [String: ComparisonReference]
  /// What it says of the model.
  public let model: ModelReference

  /// More groups than this are not told apart.
  public static let mostGroups = 20
  /// A group with fewer rows is not measured: its numbers would be noise and could name a person.
  public static let smallestGroup = 50

  /// - Parameter group: the column of groups, which need not be there.
  /// - Throws: `TableError` when a cell makes no sense.
  public init(_ table: DataTable, model: ModelReference, group: String?, options: ComparisonOptions) throws(TableError) {
    self.model = model
    whole = ComparisonReference(table, options: options)
    var groups: [String: ComparisonReference] = [:]
    if let group, table[group] != nil {
      var own = options
      own.exclude.insert(group)
      for (name, rows) in MonitorReference.largest(try Segments.rows(table, by: group)) where rows.count >= MonitorReference.smallestGroup {
        groups[name] = ComparisonReference(table.selecting(rows), options: own)
      }
    }
    self.groups = groups
  }

  init(whole: ComparisonReference, groups: [String: ComparisonReference], model: ModelReference) {
    self.whole = whole
    self.groups = groups
    self.model = model
  }

  /// The largest of groups, by size and then by name.
  public static func largest(_ groups: [String: [Int]]) -> [(name: String, rows: [Int])] {
    groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.prefix(mostGroups).map { (name: $0.key, rows: $0.value) }
  }
}

extension ComparisonSide {
  /// The columns' names and types, in order.
  public var columnTypes: [(name: String, type: ColumnType)] { columns.map { ($0.name, $0.type) } }
}
