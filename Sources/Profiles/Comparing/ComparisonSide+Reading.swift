internal import Foundation

extension ComparisonSide {
  /// Reads a file to compare: a profile if its name ends in `.json`, `.json.gz` or `.bin`, else data. Columns that the options declare categorical are read as texts, so that
  /// `01234` stays `01234`; a profile's columns are what it was made with.
  /// - Throws: `TableError`, which names file, line and column.
  public static func read(path: String, options: ComparisonOptions, reading: TableReader.Options = TableReader.Options()) throws(TableError) -> ComparisonSide {
    if TableProfile.isProfile(path: path) { return .profile(try TableProfile.read(path: path)) }
    var reading = reading
    for name in options.categorical where reading.types[name] == nil { reading.types[name] = .categorical }
    return .table(try TableReader(options: reading).read(path: path))
  }
}

extension TableProfile {
  /// Reads a profile that `kedge profile` wrote, packed or not, or one of whylogs.
  /// - Throws: `TableError` when the file cannot be read or is no profile.
  public static func read(path: String) throws(TableError) -> TableProfile {
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw TableError(source: path, problem: "cannot be read: \(error.localizedDescription)", advice: "check the path and its rights")
    }
    if bytes.starts(with: WhylogsProfile.magic) { return try WhylogsProfile(bytes, source: path).profile }
    return try TableProfile(json: try PackedJSON.json(bytes, name: path), source: path)
  }
}
