internal import Yams

/// The documents of a YAML text, and what is wrong with those that could not be read.
///
/// After a mistake of syntax reading goes on at the next line that begins a document, so that each document tells its own mistakes.
struct YAMLDocuments {
  /// The roots of the documents that could be read, in order; documents without content are left out.
  private(set) var roots: [Node] = []
  private(set) var errors: [DeclarationError] = []

  private let file: String
  private var text: String
  private var repairs = 0
  /// Documents that begin before this line are done.
  private var line = 1

  init(_ text: String, file: String) {
    self.file = file
    self.text = text
    while let rest = read() { self.text = rest }
  }

  /// Reads until the end or the first mistake; then returns the text with which to go on.
  private mutating func read() -> String? {
    do {
      // Without rules every plain scalar is text: what it means is decided where it is read.
      let parser = try Parser(yaml: text, resolver: .basic)
      while let root = try parser.nextRoot() {
        let position = SourcePosition(root.mark)
        guard position.line >= line else { continue }
        line = position.line + 1
        if let scalar = root.scalar, case .null = Plain(scalar) { continue }
        roots.append(root)
      }
      return nil
    } catch let error as YamlError {
      return goOn(after: error)
    } catch {
      report(SourcePosition(line: 1, column: 1), found: "a text that cannot be read as YAML", expected: "YAML")
      return nil
    }
  }

  private mutating func goOn(after error: YamlError) -> String? {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let position = SourcePosition(mark)
      report(
        position,
        found: "a mistake in the YAML: "
          + ([context.map { "\($0.text) (begun at line \($0.mark.line))" }, problem].compactMap { $0 }.joined(separator: ", ")),
        expected: hint(at: position) ?? "valid YAML")
      return skip(to: position.line + 1)
    case .reader(let problem, let offset, _, _):
      let lines = text.prefix(offset ?? 0).unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      report(
        SourcePosition(line: max(1, lines.count), column: (lines.last?.count ?? 0) + 1), found: "a character that YAML does not allow (\(problem))",
        expected: "printable text in UTF-8")
      return nil
    case .duplicatedKeysInMapping(let duplicates, let context):
      let position = SourcePosition(context.mark)
      // Yams names the duplicated keys in their order, and marks the first place of the first of them.
      let key = duplicates.first ?? ""
      let again = DuplicateKeys.next(key, after: position, in: text) ?? position
      errors.append(
        DeclarationError(
          file: file, position: again, key: key, found: "the key a second time, after line \(position.line)", expected: "each key once"))
      repairs += 1
      return DuplicateKeys.repair(text, keyAt: position, number: repairs) ?? skip(to: position.line + 1)
    default:
      report(SourcePosition(line: 1, column: 1), found: "a text that cannot be read as YAML", expected: "YAML")
      return nil
    }
  }

  private mutating func report(_ position: SourcePosition, found: String, expected: String) {
    errors.append(DeclarationError(file: file, position: position, key: "", found: found, expected: expected))
  }

  /// What usually is behind a mistake at this place.
  private func hint(at position: SourcePosition) -> String? {
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.indices.contains(position.line - 1) else { return nil }
    let line = Array(lines[position.line - 1])
    if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") { return "spaces, not tabs, at the beginning of a line" }
    guard line.indices.contains(position.column - 1) else { return nil }
    switch line[position.column - 1] {
    case "\t": return "spaces, not tabs"
    case "@", "`", "%": return "quotes around a text that begins with \(line[position.column - 1])"
    default: return nil
    }
  }

  /// The text with everything before the next document from this line on blanked out, so that places stay as they are; nil when there is none.
  private mutating func skip(to first: Int) -> String? {
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    guard first - 1 < lines.count,
      let next = lines[(first - 1)...].firstIndex(where: {
        $0.starts(with: "---".unicodeScalars) && ($0.count == 3 || " \r\t".unicodeScalars.contains($0.dropFirst(3).first ?? " "))
      })
    else { return nil }
    line = next + 1
    return String(repeating: "\n", count: next) + String(text.unicodeScalars[lines[next].startIndex...])
  }
}
