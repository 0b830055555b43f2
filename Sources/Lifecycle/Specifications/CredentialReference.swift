/// Where a secret is found, never the secret itself: `env:SLACK_API_TOKEN` or `file:/run/secrets/token`.
///
/// Only this text enters the log; a worker resolves it when it needs the secret.
public struct CredentialReference: Hashable, Sendable, CustomStringConvertible {
  /// The two places a worker can look.
  public enum Source: Hashable, Sendable {
    /// A variable of the worker's environment.
    case environment(String)
    /// A file of the worker's host, without NUL in its path; line breaks at its end are not part of the secret.
    case file(String)
  }

  /// Where to look.
  public let source: Source

  /// Checks nothing; `init(_:)` reads and checks text.
  public init(_ source: Source) { self.source = source }

  /// Reads `env:NAME` or `file:PATH`; nil for anything else, above all for a literal secret.
  public init?(_ text: String) {
    if text.hasPrefix("env:") {
      let name = text.dropFirst(4)
      guard let first = name.utf8.first, !(0x30...0x39).contains(first),
        name.unicodeScalars.allSatisfy({ ("A"..."Z").contains($0) || ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" })
      else { return nil }
      source = .environment(String(name))
    } else if text.hasPrefix("file:"), text.utf8.count > 5, !text.utf8.contains(0) {
      source = .file(String(text.dropFirst(5)))
    } else {
      return nil
    }
  }

  /// `env:NAME` or `file:PATH`.
  public var text: String {
    switch source {
    case .environment(let name): "env:\(name)"
    case .file(let path): "file:\(path)"
    }
  }

  /// `env:NAME` or `file:PATH`; not secret.
  public var description: String { text }
}

extension CredentialReference: Codable {
  /// Reads `env:NAME` or `file:PATH`. Throws `DecodingError` for anything else, which it does not quote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let reference = CredentialReference(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a reference to a credential, env:NAME or file:PATH")
    }
    self = reference
  }

  /// Writes `env:NAME` or `file:PATH`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
