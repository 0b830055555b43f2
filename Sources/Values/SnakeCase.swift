/// Names of properties in JSON, as Foundation's coders turn them: `myName` is `my_name`, `myURLPath` is `my_url_path`.
enum SnakeCase {
  /// To `snake_case`.
  static func snake(_ name: String) -> String {
    guard name.utf8.contains(where: { $0 & 0x80 != 0 || 0x41...0x5a ~= $0 }) else { return name }
    let letters = Array(name)
    var result = ""
    for (index, letter) in letters.enumerated() {
      if index > 0, letter.isUppercase {
        // A word begins, or, at the last letter of several capitals, the word after an acronym.
        let afterSmall = !letters[index - 1].isUppercase
        let beforeSmall = index + 1 < letters.count && letters[index + 1].isLowercase
        if afterSmall || beforeSmall, letters[index - 1] != "_" { result.append("_") }
      }
      result += letter.lowercased()
    }
    return result
  }

  /// From `snake_case`; underscores at both ends stay.
  static func camel(_ name: String) -> String {
    guard name.utf8.contains(0x5f) else { return name }
    let leading = name.prefix { $0 == "_" }
    guard leading.count < name.count else { return name }
    let trailing = name.reversed().prefix { $0 == "_" }.count
    let words = name.dropFirst(leading.count).dropLast(trailing).split(separator: "_")
    guard words.count > 1 else { return name }
    return leading + words[0].lowercased() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }.joined()
      + String(repeating: "_", count: trailing)
  }
}
