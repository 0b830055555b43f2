internal import Yams

/// What the readers of one document share: where relative paths begin, where values stand, and the mistakes so far.
final class DocumentContext {
  let file: String
  /// Absolute.
  let directory: String
  private(set) var errors: [DeclarationError] = []
  private(set) var positions: [String: SourcePosition] = [:]
  /// How many more nodes may be read: aliases can make much of little.
  private var budget = 100_000

  init(file: String, directory: String) {
    self.file = file
    self.directory = directory
  }

  func report(_ position: SourcePosition, _ key: String, found: String, expected: String, suggestion: String? = nil) {
    errors.append(DeclarationError(file: file, position: position, key: key, found: found, expected: expected, suggestion: suggestion))
  }

  func note(_ position: SourcePosition, at path: String) { positions[path] = position }

  /// Takes one node from the budget; false when it is spent.
  func spend() -> Bool {
    budget -= 1
    return budget >= 0
  }

  /// The path made absolute against the declaring file's directory, without `.`, `..` and doubled slashes.
  func absolute(_ path: String) -> String {
    var components: [Substring] = []
    for component in (path.hasPrefix("/") ? path : directory + "/" + path).split(separator: "/") {
      switch component {
      case ".": continue
      case "..": _ = components.popLast()
      default: components.append(component)
      }
    }
    return "/" + components.joined(separator: "/")
  }

  /// At most 40 characters, in quotes, without control characters.
  static func quote(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(40).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : String($0) }.joined()
    return "\"\(shown)\(text.unicodeScalars.count > 40 ? "…" : "")\""
  }
}

extension SourcePosition {
  init(_ mark: Mark?) { self.init(line: mark?.line ?? 1, column: mark?.column ?? 1) }
}
