/// The name of a credential, which may stand in a declaration and in the log: `env:NAME` or `file:PATH`. Workers resolve it.
public struct CredentialReference: Sendable, Hashable, CustomStringConvertible {
  /// Where the value is.
  public enum Place: Sendable, Hashable {
    /// In the environment variable of this name.
    case environment(String)
    /// In the file at this path, without the line break at its end.
    case file(String)
  }

  public let place: Place

  public init(_ place: Place) { self.place = place }

  /// Reads `env:NAME` or `file:PATH`.
  /// - Throws: `CredentialError.notAReference`, which does not repeat the text, because it may be the secret itself.
  public init(_ text: String) throws(CredentialError) {
    if text.hasPrefix("env:") {
      let name = String(text.dropFirst(4))
      guard CredentialReference.isVariableName(name) else { throw .notAReference }
      place = .environment(name)
    } else if text.hasPrefix("file:"), text.utf8.count > 5, !text.utf8.contains(0) {
      place = .file(String(text.dropFirst(5)))
    } else {
      throw .notAReference
    }
  }

  /// As it is written in a declaration.
  public var description: String {
    switch place {
    case .environment(let name): "env:\(name)"
    case .file(let path): "file:\(path)"
    }
  }

  /// The same reference with a relative file path made absolute from `directory`.
  public func absolute(from directory: String) -> CredentialReference {
    guard case .file(let path) = place, !path.hasPrefix("/") else { return self }
    return CredentialReference(.file(directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"))
  }

  private static func isVariableName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x5f }
  }
}

/// Why a credential has no value. It names the reference, never what was found there.
public enum CredentialError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The text is neither `env:NAME` nor `file:PATH`.
  case notAReference
  case variableNotSet(String)
  case fileUnreadable(String, reason: String)
  /// Nothing but white space is there.
  case empty(CredentialReference)
  /// It holds control characters, which no header can carry, or is longer than 64 KiB.
  case unusable(CredentialReference)

  public var description: String {
    switch self {
    case .notAReference: "a credential is written env:NAME or file:PATH; the secret itself does not belong in a declaration"
    case .variableNotSet(let name): "env:\(name): the variable is not set where the worker runs; set it there, or in the .env of its directory"
    case .fileUnreadable(let path, let reason): "file:\(path): \(reason); the worker must be able to read it"
    case .empty(let reference): "\(reference): is empty"
    case .unusable(let reference): "\(reference): holds more than one line, control characters, or more than 64 KiB"
    }
  }
}
