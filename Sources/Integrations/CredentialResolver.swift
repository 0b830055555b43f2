public import Lifecycle
internal import SystemPackage

/// Turns references into values, where the value is needed and each time anew, so that a changed file counts at once.
public struct CredentialResolver: Sendable {
  private let environment: [String: String]
  private static let longest = 65_536

  /// - Parameter environment: what `env:` names are looked up in: the process's environment, and what its `.env` adds.
  public init(environment: [String: String]) { self.environment = environment }

  /// - Throws: `CredentialError`.
  public func resolve(_ reference: CredentialReference) throws(CredentialError) -> Secret {
    let found =
      switch reference.source {
      case .environment(let name): environment[name]
      case .file(let path): try contents(of: path, reference)
      }
    guard var value = found else { throw .variableNotSet(String("\(reference)".dropFirst(4))) }
    while let last = value.unicodeScalars.last, last == "\n" || last == "\r" { value.unicodeScalars.removeLast() }
    guard !value.allSatisfy(\.isWhitespace) else { throw .empty(reference) }
    guard value.utf8.count <= CredentialResolver.longest, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { throw .unusable(reference) }
    return Secret(value)
  }

  private func contents(of path: String, _ reference: CredentialReference) throws(CredentialError) -> String {
    var bytes: [UInt8] = []
    do {
      // Without waiting: a named pipe must not stop the worker.
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.nonBlocking, .closeOnExec])
      try file.closeAfter {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= CredentialResolver.longest + 2 {
          let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
          if count == 0 { break }
          bytes += chunk[..<count]
        }
      }
    } catch let error as Errno {
      throw .fileUnreadable(path, reason: error.description)
    } catch {
      throw .fileUnreadable(path, reason: "\(error)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .unusable(reference) }
    return text
  }
}

/// Why a credential has no value. It names the reference, never what was found there.
public enum CredentialError: Error, Sendable, Hashable, CustomStringConvertible {
  /// No variable of this name is in the worker's environment.
  case variableNotSet(String)
  /// The file at this path is missing, or cannot be opened or read.
  case fileUnreadable(String, reason: String)
  /// Nothing but white space is there.
  case empty(CredentialReference)
  /// It holds control characters, which no header can carry, or is longer than 64 KiB.
  case unusable(CredentialReference)

  /// What is wrong with the reference and what to do; never what was found there.
  public var description: String {
    switch self {
    case .variableNotSet(let name): "env:\(name): the variable is not set where the worker runs; set it there, or in the .env of its directory"
    case .fileUnreadable(let path, let reason): "file:\(path): \(reason); the worker must be able to read it"
    case .empty(let reference): "\(reference): is empty"
    case .unusable(let reference): "\(reference): holds more than one line, control characters, or more than 64 KiB"
    }
  }
}
