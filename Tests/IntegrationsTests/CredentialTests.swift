import Foundation
import Integrations
import Lifecycle
import Testing

struct CredentialTests {
  private func reference(_ text: String) throws -> CredentialReference { try #require(CredentialReference(text)) }

  @Test func `a variable and a file are resolved`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("token", "from the file\n")
    let resolver = CredentialResolver(environment: ["TOKEN": "from the environment"])
    #expect(try resolver.resolve(reference("env:TOKEN")).reveal() == "from the environment")
    #expect(try resolver.resolve(reference("file:\(directory.path)/token")).reveal() == "from the file")
  }

  @Test func `a changed file counts at once`() throws {
    let directory = try TemporaryDirectory()
    let resolver = CredentialResolver(environment: [:])
    for value in ["first", "second"] {
      try directory.write("token", value)
      #expect(try resolver.resolve(reference("file:\(directory.path)/token")).reveal() == value)
    }
  }

  @Test func `what has no value names the reference and what to do`() throws {
    let resolver = CredentialResolver(environment: ["EMPTY": " "])
    func message(_ text: String) throws -> String {
      do {
        _ = try resolver.resolve(reference(text))
        return "resolved"
      } catch { return "\(error)" }
    }
    #expect(try message("env:NONE") == "env:NONE: the variable is not set where the worker runs; set it there, or in the .env of its directory")
    #expect(try message("env:EMPTY") == "env:EMPTY: is empty")
    #expect(try message("file:/nonexistent/token") == "file:/nonexistent/token: No such file or directory; the worker must be able to read it")
    #expect(try message("file:/tmp") == "file:/tmp: Is a directory; the worker must be able to read it")
  }

  @Test(arguments: ["two\nlines", "a\0b", String(repeating: "x", count: 70_000)])
  func `what no header can carry is unusable, and not shown`(value: String) throws {
    let resolver = CredentialResolver(environment: ["TOKEN": value])
    #expect { try resolver.resolve(reference("env:TOKEN")) } throws: { error in
      guard case .unusable = error as? CredentialError else { return false }
      return !"\(error)".contains(value)
    }
  }

  @Test func `a secret shows itself to nobody who does not ask`() {
    let secret = Secret("hunter2")
    var dumped = ""
    dump(["key": secret], to: &dumped)
    #expect(![String(describing: secret), String(reflecting: secret), "\([secret])", dumped].joined().contains("hunter2"))
    #expect(secret.reveal() == "hunter2")
  }
}
