internal import Lifecycle
internal import Values
internal import Yams

/// A value that is being read: each reader returns what it found, or reports what is wrong and returns nil.
struct Value {
  let node: Node
  /// From the top of the document: `window.every`, `trigger[0].alert`.
  let path: String
  let context: DocumentContext

  var position: SourcePosition { SourcePosition(node.mark) }

  init(_ node: Node, path: String, in context: DocumentContext) {
    self.node = node
    self.path = path
    self.context = context
    context.note(SourcePosition(node.mark), at: path)
  }

  /// Reports that something else was expected, and is nil for the caller to return.
  func refuse<Result>(_ expected: String, found: String? = nil, suggestion: String? = nil) -> Result? {
    context.report(position, path, found: found ?? node.described, expected: expected, suggestion: suggestion)
    return nil
  }

  private var plain: Plain? { node.scalar.map(Plain.init) }

  func text(_ expected: String = "text") -> String? {
    guard let plain else { return refuse(expected) }
    switch plain {
    case .text(let text) where !text.isEmpty: return text
    case .text: return refuse(expected, found: "an empty text")
    case .bool, .integer, .number: return refuse(expected + ", in quotes if it is meant as text")
    case .null: return refuse(expected)
    }
  }

  /// Text as it stands, so that numbers need no quotes.
  func anyText(_ expected: String) -> String? {
    guard let scalar = node.scalar, scalar.style != .plain || !scalar.string.isEmpty else { return refuse(expected) }
    return scalar.string
  }

  func integer(_ range: ClosedRange<Int>, _ expected: String) -> Int? {
    guard case .integer(let value)? = plain, range.contains(value) else { return refuse(expected) }
    return value
  }

  func number(_ expected: String = "a number", where isAllowed: (Double) -> Bool = { _ in true }) -> Double? {
    let value: Double
    switch plain {
    case .integer(let integer)?: value = Double(integer)
    case .number(let number)?: value = number
    default: return refuse(expected)
    }
    guard value.isFinite, isAllowed(value) else { return refuse(expected) }
    return value
  }

  func bool() -> Bool? {
    guard case .bool(let value)? = plain else { return refuse("true or false") }
    return value
  }

  func span(positive: Positivity = .zeroAllowed) -> Span? {
    let expected = "a span of time such as 90s, 5m, 1h30m or 7d"
    guard let scalar = node.scalar, let span = Span(scalar.string) else { return refuse(expected) }
    guard positive == .zeroAllowed || span > .zero else { return refuse(expected + ", longer than zero") }
    return span
  }

  enum Positivity { case zeroAllowed, positive }

  func name(_ what: String) -> String? {
    guard let text = text("the name of \(what)") else { return nil }
    do throws(ResourceName.Refusal) {
      return try ResourceName(text).text
    } catch {
      return refuse("the name of \(what): \(error.message)")
    }
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type) -> Choice? where Choice.RawValue == String {
    let words = Choice.allCases.map(\.rawValue)
    guard let scalar = node.scalar else { return refuse(Value.either(words)) }
    guard let choice = Choice(rawValue: scalar.string) else {
      return refuse(Value.either(words), suggestion: Suggestion.nearest(to: scalar.string, among: words))
    }
    return choice
  }

  /// `a`, `a or b`, `a, b or c`.
  static func either(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }

  /// A path of a file or directory, made absolute.
  func path(_ expected: String) -> String? {
    guard let text = text(expected) else { return nil }
    // Made a path of this machine, a URL would silently name nothing.
    guard !text.contains("://") else { return refuse("\(expected), on a disk of the workers", found: "a URL") }
    return context.absolute(text)
  }

  /// Where data files are: a path or pattern of paths, made absolute; `s3://BUCKET/KEY`, which may be a pattern too; or the URL of one file.
  func data(_ expected: String) -> String? {
    guard let text = text(expected) else { return nil }
    guard let end = text.firstRange(of: "://") else { return context.absolute(text) }
    let (scheme, rest) = (text[..<end.lowerBound].lowercased(), text[end.upperBound...])
    switch scheme {
    case "s3":
      let parts = rest.split(separator: "/", maxSplits: 1)
      guard parts.count == 2, !rest.hasPrefix("/"), !parts[0].contains(where: { "*?[@:".contains($0) }) else {
        return refuse("s3://BUCKET/KEY, where the key may be a pattern")
      }
      return text
    case "http", "https":
      guard url() != nil else { return nil }
      if rest.prefix(while: { $0 != "?" && $0 != "#" }).contains(where: { "*[".contains($0) }) {
        return refuse("the URL of one file: only s3:// and paths may be patterns")
      }
      let names = rest.split(separator: "?", maxSplits: 1).dropFirst().joined().split(separator: "&").map { $0.prefix { $0 != "=" }.lowercased() }
      if let secret = names.first(where: { ["signature", "sig", "token", "key", "secret", "password", "x-amz-signature", "access_token"].contains($0) }) {
        return refuse("a URL without secrets: what is declared is kept for good", found: "a URL with the parameter \(secret)")
      }
      return text
    default: return refuse("\(expected), s3://BUCKET/KEY or https://HOST/PATH", found: "a URL of another kind")
    }
  }

  func url() -> String? {
    let expected = "a URL that begins with http:// or https://"
    guard let text = text(expected) else { return nil }
    let scheme = text.prefix { $0 != ":" }.lowercased()
    guard scheme == "http" || scheme == "https", text.dropFirst(scheme.count).hasPrefix("://"),
      text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control && !$0.properties.isWhitespace })
    else { return refuse(expected) }
    let authority = text.dropFirst(scheme.count + 3).prefix { !"/?#".contains($0) }
    guard !authority.isEmpty else { return refuse(expected + " and names a host") }
    guard !authority.contains("@") else {
      return refuse("a URL without user and password: what is declared is kept for good", found: "a URL with credentials")
    }
    return text
  }

  /// Never says what was found: it may be the secret.
  func credential() -> CredentialReference? {
    let expected = "a reference to a credential, env:NAME or file:PATH: what is declared is kept for good, so no secret may stand here"
    guard case .text(let text)? = plain, let reference = CredentialReference(text) else { return refuse(expected, found: "something else") }
    if case .file(let path) = reference.source { return CredentialReference(.file(context.absolute(path))) }
    return reference
  }

  func list(_ expected: String) -> [Value]? {
    guard case .sequence(let sequence) = node else { return refuse(expected) }
    return sequence.enumerated().map { Value($1, path: "\(path)[\($0)]", in: context) }
  }

  /// Reads every element, so that every mistake is reported; nil when any was wrong.
  func list<Element>(_ expected: String, _ read: (Value) -> Element?) -> [Element]? {
    guard let values = list(expected) else { return nil }
    let elements = values.map(read)
    guard elements.allSatisfy({ $0 != nil }) else { return nil }
    return elements.compactMap { $0 }
  }

  func command() -> [String]? {
    let expected = "a list of a program and its arguments, e.g. [python3, train.py]"
    guard let words = list(expected, { $0.anyText("text") }) else { return nil }
    guard let program = words.first, !program.isEmpty else { return refuse(expected, found: words.isEmpty ? "an empty list" : nil) }
    return words
  }

  /// Keys that the user names, in order.
  func members(_ expected: String) -> [(key: String, value: Value)]? {
    guard case .mapping(let mapping) = node else { return refuse(expected) }
    var members: [(key: String, value: Value)] = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        context.report(SourcePosition(key.mark), path, found: key.described, expected: "a key of plain text")
        continue
      }
      if DuplicateKeys.isRepaired(name) { continue }
      members.append((name, Value(value, path: "\(path).\(name)", in: context)))
    }
    return members
  }

  /// Any value at all, for what is handed on.
  func json() -> JSON? {
    guard context.spend() else { return refuse("fewer values: aliases unfold to more than 100000") }
    switch node {
    case .scalar(let scalar):
      switch Plain(scalar) {
      case .null: return .null
      case .bool(let value): return .bool(value)
      case .integer(let value): return .integer(Int64(value))
      case .number(let value):
        guard value.isFinite else { return refuse("a finite number") }
        return .number(value)
      case .text(let value): return .string(value)
      }
    case .sequence:
      return list("a list") { $0.json() }.map(JSON.array)
    case .mapping:
      guard let members = members("keys and values") else { return nil }
      let values = members.map { ($0.key, $0.value.json()) }
      guard values.allSatisfy({ $0.1 != nil }) else { return nil }
      return JSON(values)
    case .alias: return refuse("a value")
    }
  }
}
