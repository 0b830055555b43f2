public import Values

/// What is asked of a database, for a window of time or for all of it.
///
/// In the statement `:from` and `:to` are the window's ends, quoted as times; they are left alone in strings, quoted names, comments and casts
/// (`'…:from…'`, `"…"`, `$$…$$`, `-- …`, `x::from`).
public struct DataQuery: Sendable, Hashable {
  /// One statement that gives rows.
  public var sql: String
  /// The window's begin, which belongs to it.
  public var from: Timestamp?
  /// The window's end, which does not.
  public var to: Timestamp?

  /// Checks nothing: reading does.
  public init(_ sql: String, from: Timestamp? = nil, to: Timestamp? = nil) {
    self.sql = sql
    self.from = from
    self.to = to
  }

  /// Whether a path is the URL of a PostgreSQL database.
  public static func isDatabase(_ path: String) -> Bool { path.hasPrefix("postgres://") || path.hasPrefix("postgresql://") }

  /// The database's URL without user, password and parameters, for errors.
  static func name(of url: String) -> String {
    let scheme = url.prefix { $0 != ":" }
    let rest = url.dropFirst(scheme.count + 3)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    let path = rest.dropFirst(authority.count).prefix { $0 != "?" }
    return "\(scheme)://\(host)\(path)"
  }

  /// Which of `from` and `to` a statement has as parameters; nil when it is not one statement that closes what it opens.
  public static func ends(in sql: String) -> Set<String>? {
    var scanner = StatementScanner(sql)
    var found: Set<String> = []
    while let token = scanner.next() { if case .parameter(let name) = token { found.insert(name) } }
    return scanner.problem == nil ? found : nil
  }

  /// The statement with the window's ends in it, without what ends it.
  /// - Throws: `TableError` when it names an end that is not given, is more than one statement, or does not close what it opens.
  func statement(for source: String) throws(TableError) -> String {
    var scanner = StatementScanner(sql)
    var text = ""
    while let token = scanner.next() {
      switch token {
      case .other(let part): text += part
      case .parameter(let name):
        guard let time = name == "from" ? from : to else {
          throw TableError(source: source, problem: "the query has :\(name), and no window is given", advice: "say which with --window FROM/TO")
        }
        text += "'\(time)'::timestamptz"
      }
    }
    if let problem = scanner.problem { throw TableError(source: source, problem: "the query \(problem)", advice: "write one statement that gives rows") }
    return text
  }
}

/// Finds `:from` and `:to` in a statement where they are parameters.
private struct StatementScanner {
  enum Token {
    case other(String)
    case parameter(String)
  }

  private let text: [UInt8]
  private var position = 0
  private var depth = 0
  private var ended = false
  /// What is wrong, once it was seen.
  private(set) var problem: String?

  init(_ sql: String) { text = Array(sql.utf8) }

  mutating func next() -> Token? {
    guard position < text.count, problem == nil else {
      if problem == nil, depth != 0 { problem = "does not close a parenthesis" }
      if problem == nil, text.allSatisfy({ $0 <= 0x20 }) { problem = "is empty" }
      return nil
    }
    let start = position
    switch text[position] {
    case UInt8(ascii: "'"):
      let isEscaped = position > 0 && (text[position - 1] | 0x20) == UInt8(ascii: "e") && (position < 2 || !isName(text[position - 2]))
      quoted(by: UInt8(ascii: "'"), escapes: isEscaped)
    case UInt8(ascii: "\""): quoted(by: UInt8(ascii: "\""), escapes: false)
    case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"): while position < text.count, text[position] != 0x0a { position += 1 }
    case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): comment()
    case UInt8(ascii: "$") where position == 0 || !isName(text[position - 1]): dollar()
    case UInt8(ascii: ":"):
      if byte(1) == UInt8(ascii: ":") {
        position += 2
      } else if let name = ["from", "to"].first(where: { follows($0) }) {
        position += name.utf8.count + 1
        return .parameter(name)
      } else {
        position += 1
      }
    case UInt8(ascii: "("), UInt8(ascii: ")"):
      depth += text[position] == UInt8(ascii: "(") ? 1 : -1
      if depth < 0 { problem = "closes a parenthesis that it did not open" }
      position += 1
    case UInt8(ascii: ";"):
      // Nothing but blanks and comments may follow, and it cannot stand inside of another statement.
      ended = true
      position += 1
      return .other(" ")
    default: position += 1
    }
    let part = Array(text[start..<position])
    let isBlank = part.first.map { $0 <= 0x20 } ?? true
    if ended, !isBlank, !part.starts(with: "--".utf8), !part.starts(with: "/*".utf8) { problem = "is more than one statement" }
    return .other(String(decoding: part, as: UTF8.self))
  }

  private func byte(_ ahead: Int) -> UInt8? { position + ahead < text.count ? text[position + ahead] : nil }

  private func isName(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 0x80 || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
  }

  private func follows(_ name: String) -> Bool {
    let end = position + 1 + name.utf8.count
    guard end <= text.count, text[(position + 1)..<end].elementsEqual(name.utf8) else { return false }
    return end == text.count || !isName(text[end])
  }

  private mutating func quoted(by quote: UInt8, escapes: Bool) {
    position += 1
    while position < text.count {
      if escapes, text[position] == UInt8(ascii: "\\") {
        position += 2
        continue
      }
      if text[position] == quote {
        position += 1
        if position < text.count, text[position] == quote {
          position += 1
          continue
        }
        return
      }
      position += 1
    }
    position = text.count
    problem = "does not close a quote"
  }

  private mutating func comment() {
    var depth = 0
    while position < text.count {
      if text[position] == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
        depth += 1
        position += 2
      } else if text[position] == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
        depth -= 1
        position += 2
        if depth == 0 { return }
      } else {
        position += 1
      }
    }
    problem = "does not close a comment"
  }

  /// `$$…$$` or `$tag$…$tag$`; anything else is just a sign.
  private mutating func dollar() {
    var end = position + 1
    while end < text.count, isName(text[end]), text[end] != UInt8(ascii: "$") { end += 1 }
    guard end < text.count, text[end] == UInt8(ascii: "$"), byte(1).map({ !(0x30...0x39).contains($0) }) ?? false else {
      position += 1
      return
    }
    let tag = text[position...end]
    var search = end + 1
    while search + tag.count <= text.count {
      if text[search..<search + tag.count].elementsEqual(tag) {
        position = search + tag.count
        return
      }
      search += 1
    }
    position = text.count
    problem = "does not close a quote"
  }
}
