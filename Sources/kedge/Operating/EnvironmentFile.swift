internal import Foundation

/// A `.env` file: `NAME=VALUE` lines, `#` comments, quotes around a value. What the environment has already wins.
enum EnvironmentFile {
  /// Reads `.env` of these directories, if there is one.
  /// - Throws: a complaint that names file and line.
  static func load(from directories: [String]) throws(Complaint) {
    for directory in directories.uniqued() {
      let path = directory + "/.env"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw Complaint(.badUsage, "\(path): the file cannot be read as UTF-8 text") }
      for (name, value) in try variables(in: text, file: path) { setenv(name, value, 0) }
    }
  }

  static func variables(in text: String, file: String) throws(Complaint) -> [(name: String, value: String)] {
    var found: [(name: String, value: String)] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.hasPrefix("export ") { line = String(line.dropFirst(7)).trimmingCharacters(in: .whitespaces) }
      let name = line.prefix { $0 != "=" }
      guard name.count < line.count, let first = name.unicodeScalars.first, !("0"..."9").contains(first),
        name.unicodeScalars.allSatisfy({ $0 == "_" || ("A"..."Z").contains($0) || ("a"..."z").contains($0) || ("0"..."9").contains($0) })
      else { throw Complaint(.badUsage, "\(file):\(index + 1): this is no variable; write NAME=VALUE") }
      var value = line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
      for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) { value = String(value.dropFirst().dropLast()) }
      found.append((String(name), value))
    }
    return found
  }
}
