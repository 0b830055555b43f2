/// One mistake in a declaration file.
public struct DeclarationError: Error, Hashable, Sendable {
  /// The file as it was named by whoever asked.
  public var file: String
  /// Of the value that is wrong, or of its key or document where there is none.
  public var position: SourcePosition
  /// The path of the key from the top of its document: `window.every`; empty for a mistake of the document or the file as a whole.
  public var key: String
  /// What stands there, at most 40 characters of it, and never where a secret may stand.
  public var found: String
  /// What may stand there.
  public var expected: String
  /// What was probably meant.
  public var suggestion: String?

  /// Takes the values as they are; nothing is checked.
  public init(file: String, position: SourcePosition, key: String, found: String, expected: String, suggestion: String? = nil) {
    self.file = file
    self.position = position
    self.key = key
    self.found = found
    self.expected = expected
    self.suggestion = suggestion
  }
}

extension DeclarationError: CustomStringConvertible {
  /// One line: `kedge.yaml:12:5: window.every: found "1 hour"; expected a span of time such as 90s, 5m, 1h30m or 7d`.
  public var description: String {
    "\(file):\(position.line):\(position.column): \(key.isEmpty ? "" : key + ": ")found \(found); expected \(expected)"
      + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
  }
}

/// All mistakes of the files that were read, in order of file and place. None of the files was applied.
public struct DeclarationErrors: Error, Hashable, Sendable, CustomStringConvertible {
  /// At least one.
  public let errors: [DeclarationError]

  init(_ errors: [DeclarationError]) { self.errors = errors }

  /// One line each.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}
