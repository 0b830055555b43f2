internal import Foundation
internal import Values

extension ComparisonSide {
  /// Reads a file to compare: a profile if its name ends in `.json`, else data. Columns that the options declare categorical are read as texts, so that
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
  /// Reads a profile that `kedge profile FILE -o json` wrote.
  /// - Throws: `TableError` when the file cannot be read or is no profile.
  public static func read(path: String) throws(TableError) -> TableProfile {
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw TableError(source: path, problem: "cannot be read: \(error.localizedDescription)", advice: "check the path and its rights")
    }
    let json: JSON
    do throws(JSONSyntaxError) { json = try JSON(parsing: bytes) } catch {
      throw TableError(source: path, line: error.line, problem: "is not JSON: \(error.message)", advice: "make a profile with: kedge profile FILE -o json")
    }
    return try TableProfile(json: json, source: path)
  }
}
