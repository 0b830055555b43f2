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
      switch reference.place {
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
