public import Lifecycle
internal import Yams

/// The text of a declaration file.
public struct DeclarationSource: Hashable, Sendable {
  /// The name that mistakes are reported under.
  public var file: String
  /// The absolute directory against which relative paths are made absolute.
  public var directory: String
  /// YAML in UTF-8, of one document or many.
  public var bytes: [UInt8]

  /// Takes the values as they are; nothing is checked.
  public init(file: String, directory: String, bytes: [UInt8]) {
    self.file = file
    self.directory = directory
    self.bytes = bytes
  }
}

/// Reads and writes what SURFACE.md calls declarations.
public enum DeclarationFile {
  /// The largest file that is read, in bytes.
  public static let maximumBytes = 4 << 20

  /// Reads one file. What documents say about each other is left to `check`.
  /// - Parameters:
  ///   - file: the name that mistakes are reported under.
  ///   - directory: the absolute directory against which relative paths are made absolute: the declaring file's.
  /// - Throws: all mistakes of the file at once.
  public static func parse(text: String, file: String, directory: String) throws(DeclarationErrors) -> [Located<Declaration>] {
    try parse(DeclarationSource(file: file, directory: directory, bytes: Array(text.utf8)))
  }

  /// The same over bytes.
  public static func parse(_ source: DeclarationSource) throws(DeclarationErrors) -> [Located<Declaration>] {
    var errors: [DeclarationError] = []
    let declarations = read(source, &errors)
    guard errors.isEmpty else { throw DeclarationErrors(errors.sorted { $0.position < $1.position }) }
    return declarations
  }

  /// Reads several files and checks what they say about each other.
  /// - Parameter declared: what the database has declared already.
  /// - Throws: all mistakes of all files at once; those between documents only when each by itself is in order.
  public static func parse(_ sources: [DeclarationSource], declared: [Declaration]) throws(DeclarationErrors) -> [Located<Declaration>] {
    var errors: [DeclarationError] = []
    var declarations: [Located<Declaration>] = []
    for source in sources {
      var mistakes: [DeclarationError] = []
      declarations += read(source, &mistakes)
      errors += mistakes.sorted { $0.position < $1.position }
    }
    guard errors.isEmpty else { throw DeclarationErrors(errors) }
    try check(declarations, declared: declared)
    return declarations
  }

  private static func read(_ source: DeclarationSource, _ errors: inout [DeclarationError]) -> [Located<Declaration>] {
    func fail(line: Int, found: String, expected: String) {
      errors.append(DeclarationError(file: source.file, position: SourcePosition(line: line, column: 1), key: "", found: found, expected: expected))
    }
    guard source.bytes.count <= maximumBytes else {
      fail(line: 1, found: "\(source.bytes.count) bytes", expected: "a file of at most \(maximumBytes) bytes")
      return []
    }
    guard let text = String(validating: source.bytes, as: UTF8.self) else {
      fail(line: firstInvalidLine(source.bytes), found: "bytes that are not UTF-8", expected: "text in UTF-8")
      return []
    }
    let documents = YAMLDocuments(text, file: source.file)
    errors += documents.errors
    if documents.roots.isEmpty, errors.isEmpty { fail(line: 1, found: "no declaration", expected: "documents that begin with kind:") }
    var declarations: [Located<Declaration>] = []
    var lines: [DeclarationKey: Int] = [:]
    for root in documents.roots {
      let context = DocumentContext(file: source.file, directory: source.directory)
      let declaration = DeclarationFile.declaration(Value(root, path: "", in: context))
      errors += context.errors
      guard let declaration else { continue }
      let position = SourcePosition(root.mark)
      if let line = lines[declaration.key] {
        errors.append(
          DeclarationError(
            file: source.file, position: context.positions["name"] ?? position, key: "name",
            found: "\(declaration.key.kind.rawValue) \(declaration.name) a second time, after line \(line)", expected: "each declaration once"))
      } else {
        lines[declaration.key] = position.line
      }
      if context.errors.isEmpty {
        declarations.append(Located(declaration, file: source.file, position: position, positions: context.positions))
      }
    }
    return declarations
  }

  private static func firstInvalidLine(_ bytes: [UInt8]) -> Int {
    var line = 1
    for part in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
      if String(validating: part, as: UTF8.self) == nil { return line }
      line += 1
    }
    return 1
  }

  private static func declaration(_ value: Value) -> Declaration? {
    let kinds = DeclarationKind.allCases.map(\.rawValue)
    guard let fields = Fields(value, "a declaration that begins with kind: \(Value.either(kinds))") else { return nil }
    guard let kindValue = fields.required("kind", Value.either(kinds)) else { return nil }
    guard let kind = kindValue.choice(DeclarationKind.self) else { return nil }
    switch kind {
    case .model: return fields.model().map(Declaration.model)
    case .pool: return fields.pool().map(Declaration.pool)
    case .monitor: return fields.monitor().map(Declaration.monitor)
    case .rule: return fields.rule().map(Declaration.rule)
    case .pipeline: return fields.pipeline().map(Declaration.pipeline)
    case .endpoint: return fields.endpoint().map(Declaration.endpoint)
    case .channel: return fields.channel().map(Declaration.channel)
    }
  }
}
