internal import ArgumentParser
internal import Profiles
internal import Values

/// What is asked of a database, and what columns are, for commands that read data.
struct SourceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("What is read of a postgresql:// URL; :from and :to are the ends of --window.", valueName: "sql")) var query: String?
  @Option(
    name: .customLong("window"), help: ArgumentHelp("The window that the query is asked for, e.g. 2026-11-01/2026-11-02.", valueName: "from/to"))
  var windowText: String?
  @Option(
    name: .customLong("column-type"),
    help: ArgumentHelp("Type of one column: \(ColumnType.allCases.map(\.rawValue).joined(separator: ", ")); may be repeated.", valueName: "column=type"))
  var columnTypes: [String] = []

  func validate() throws { _ = try reading() }

  /// - Throws: `ValidationError` when something cannot be understood.
  func reading() throws -> TableReader.Options {
    var options = TableReader.Options()
    for text in columnTypes {
      guard let equals = text.lastIndex(of: "="), equals != text.startIndex, let type = ColumnType(rawValue: String(text[equals...].dropFirst())) else {
        throw ValidationError("--column-type \(text): expected COLUMN=TYPE, TYPE one of \(ColumnType.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      options.types[String(text[..<equals])] = type
    }
    let ends = try windowText.map { try SourceOptions.window($0, "--window") }
    options.query = query.map { DataQuery($0, from: ends?.from, to: ends?.to) }
    return options
  }

  /// - Throws: `ValidationError` unless it is two times, the first before the second.
  static func window(_ text: String, _ option: String) throws -> (from: Timestamp, to: Timestamp) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let from = Timestamp(parts[0]), let to = Timestamp(parts[1]), from < to else {
      throw ValidationError("\(option) \(text): expected two times, the first before the second, e.g. 2026-11-01T00:00:00Z/2026-11-02T00:00:00Z")
    }
    return (from, to)
  }
}

/// The same for two sides.
struct SourcesOptions: ParsableArguments {
  @OptionGroup var both: SourceOptions
  @Option(help: ArgumentHelp("What is read of --reference, where it differs from --query.", valueName: "sql")) var referenceQuery: String?
  @Option(help: ArgumentHelp("The window that the reference's query is asked for.", valueName: "from/to")) var referenceWindow: String?

  func validate() throws { _ = try reference(leavingOut: []) }

  /// - Parameter columns: those that need not even be readable.
  func current(leavingOut columns: [String]) throws -> TableReader.Options {
    var options = try both.reading()
    options.skipped = Set(columns)
    return options
  }

  /// The same for the reference.
  func reference(leavingOut columns: [String]) throws -> TableReader.Options {
    var options = try current(leavingOut: columns)
    if let referenceQuery { options.query = DataQuery(referenceQuery, from: options.query?.from, to: options.query?.to) }
    if let referenceWindow {
      let (from, to) = try SourceOptions.window(referenceWindow, "--reference-window")
      options.query?.from = from
      options.query?.to = to
    }
    return options
  }
}
