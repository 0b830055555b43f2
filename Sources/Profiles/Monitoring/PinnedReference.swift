internal import Statistics
public import Values

/// What is kept of a monitor's reference when it is pinned, so that the reference itself is never read again: profiles of all of it and of its groups, and
/// what it says of the model.
public struct PinnedReference: Sendable {
  /// Of the form that `packed()` writes.
  public static let version = 1

  /// All of it.
  public let whole: TableProfile
  /// The largest groups that are large enough, by name.
  public let groups: [String: TableProfile]
  /// What it says of the model.
  public let model: ModelReference

  /// References of so many rows keep every number; of more, ranks are off by 0.13 %.
  public static let exactRows = 4096
  /// With more columns than this, numbers are kept as coarsely as `kedge profile` keeps them.
  private static let fewColumns = 500

  /// Of a reference at hand.
  /// - Parameters:
  ///   - group: the column of groups, which need not be there.
  ///   - excluded: columns that are never compared: identifiers are not kept.
  /// - Throws: `TableError` when a cell makes no sense.
  public init(_ table: DataTable, model: ModelReference, group: String?, excluding excluded: Set<String> = []) throws(TableError) {
    let kept = DataTable(source: table.source, rowCount: table.rowCount, columns: table.columns.filter { !excluded.contains($0.name) })
    let capacity = table.columns.count > PinnedReference.fewColumns ? TableProfile.usualCapacity : PinnedReference.exactRows
    whole = TableProfile(kept, capacity: capacity)
    self.model = model
    var groups: [String: TableProfile] = [:]
    if let group, table[group] != nil {
      for (name, rows) in MonitorReference.largest(try Segments.rows(table, by: group)) where rows.count >= MonitorReference.smallestGroup {
        groups[name] = TableProfile(kept.selecting(rows), capacity: capacity)
      }
    }
    self.groups = groups
  }

  /// Of a profile that was made before: it says nothing of groups and of the model.
  public init(_ profile: TableProfile, task: PredictionTask) {
    whole = profile
    groups = [:]
    model = ModelReference(task: task, unknown: "the reference is a profile, which has no rows")
  }

  /// Whether windows can be compared with it as with the reference's rows: every value is still there, or no test asks for them.
  public func covers(_ options: ComparisonOptions) -> Bool {
    let columns = ([whole] + groups.values).flatMap(\.columns).filter { !options.exclude.contains($0.name) }
    if case .test(.own(let test)) = options.choice, test.isMultivariate { return false }
    if columns.allSatisfy(\.isExact) { return true }
    // The numbers of profiles answer these; texts are judged by the texts themselves.
    let answered: Set<DriftTest.Own> = [.ks, .wasserstein, .energy]
    func isAnswered(_ test: DriftTest) -> Bool {
      guard case .own(let own) = test else { return false }
      return answered.contains(own) || own.binned != nil || !own.takesNumbers && !own.isMultivariate
    }
    guard columns.allSatisfy({ $0.type != .text || $0.isExact }), options.columnTests.values.allSatisfy({ isAnswered($0.test) }) else { return false }
    switch options.choice {
    case .auto: return true
    case .evidently: return false
    case .test(let test): return isAnswered(test)
    }
  }

  /// For the table of sketches: versioned JSON, packed with gzip. The same reference gives the same bytes.
  /// - Throws: `TableError` or `EncodingError` when it cannot be written.
  public func packed() throws -> [UInt8] {
    try PackedJSON.packed(
      [
        "version": .integer(Int64(PinnedReference.version)), "whole": try whole.json(),
        "groups": JSON(try groups.sorted { $0.key < $1.key }.map { ($0.key, try $0.value.json()) }), "model": try JSON(encoding: model),
      ], name: whole.source)
  }

  /// Reads what `packed()` wrote.
  /// - Throws: `TableError` when it is something else, or of a later version.
  public init(packed bytes: [UInt8], source: String) throws(TableError) {
    let damaged = TableError(source: source, problem: "is damaged as it is stored", advice: "pin the baseline again")
    let json = try PackedJSON.json(bytes, name: source)
    guard json["version"]?.integer == PinnedReference.version, let whole = json["whole"], let groups = json["groups"]?.object,
      let model: ModelReference = try? json["model"]?.decode()
    else { throw damaged }
    self.whole = try TableProfile(json: whole, source: source)
    var read: [String: TableProfile] = [:]
    for (name, profile) in groups.members { read[name] = try TableProfile(json: profile, source: source) }
    self.groups = read
    self.model = model
  }
}

extension MonitorReference {
  /// From what was pinned.
  public init(_ pinned: PinnedReference, group: String?, options: ComparisonOptions) {
    var own = options
    if let group { own.exclude.insert(group) }
    let ofGroups = own
    self.init(
      whole: ComparisonReference(.profile(pinned.whole), options: options),
      groups: pinned.groups.mapValues { ComparisonReference(.profile($0), options: ofGroups) }, model: pinned.model)
  }
}

extension ColumnProfile {
  /// Whether every value is still there.
  var isExact: Bool {
    switch storage {
    case .strings: frequent?.error == 0
    case .numbers, .times: quantiles.rankError == 0
    }
  }
}
