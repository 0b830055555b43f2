import Foundation
import Glibc
import HTTPTransport
import StubServer
import Testing

struct HTTPErrorTests {
  /// A port of 127.0.0.1 that nobody listens on: bound, so that nobody else takes it, and not listening.
  final class DeafPort {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let descriptor = descriptor
      try withUnsafeMutablePointer(to: &address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          try #require(bind(descriptor, $0, length) == 0)
          try #require(getsockname(descriptor, $0, &length) == 0)
        }
      }
      port = UInt16(bigEndian: address.sin_port)
    }

    /// Connections are accepted by the kernel, and nobody ever answers.
    func listenWithoutAccepting() { listen(descriptor, 8) }

    deinit { close(descriptor) }
  }

  @Test func `a host that does not exist is named and may be retried`() async throws {
    let error = try await Stub.error(of: HTTPRequest(.get, "http://no-such-host.invalid/path"))
    #expect(error.kind == .couldNotResolve)
    #expect(error.isRetryable)
    #expect("\(error)".contains("no-such-host.invalid"))
  }

  @Test func `a refused connection names the address and may be retried`() async throws {
    let port = try DeafPort()
    let error = try await Stub.error(of: HTTPRequest(.get, "http://127.0.0.1:\(port.port)/"))
    #expect(error.kind == .couldNotConnect)
    #expect(error.isRetryable)
    #expect("\(error)".contains("127.0.0.1"))
  }

  @Test func `a server that never answers times out and may be retried`() async throws {
    let port = try DeafPort()
    port.listenWithoutAccepting()
    let error = try await Stub.error(of: HTTPRequest(.get, "http://127.0.0.1:\(port.port)/", timeout: .milliseconds(80)))
    #expect(error.kind == .timedOut)
    #expect(error.isRetryable)
  }

  @Test func `a TLS handshake that does not come about in time is a timeout of connecting`() async throws {
    let port = try DeafPort()
    port.listenWithoutAccepting()
    let error = try await Stub.error(of: HTTPRequest(.get, "https://127.0.0.1:\(port.port)/", connectTimeout: .milliseconds(80)))
    #expect(error.kind == .timedOutConnecting)
  }

  @Test(arguments: ["/cut", "/close"])
  func `a connection that ends early is lost and may be retried`(path: String) async throws {
    let error = try await Stub.error(of: HTTPRequest(.get, try Stub.url + path))
    #expect(error.kind == .connectionLost)
    #expect(error.isRetryable)
  }

  @Test func `an answer that is not HTTP is malformed`() async throws {
    let error = try await Stub.error(of: HTTPRequest(.get, try Stub.url + "/garbage"))
    #expect(error.kind == .malformedResponse)
  }

  @Test func `plain HTTP where TLS was expected is a failed handshake`() async throws {
    let url = try Stub.url.replacing("http://", with: "https://")
    #expect(try await Stub.error(of: HTTPRequest(.get, url)).kind == .tlsFailed)
  }

  @Test(arguments: ["ftp://example.com/", "file:///etc/passwd", "example.com", "http://exa mple.com/", "http://example.com/\r\nX: y", "http://"])
  func `a URL that cannot be requested is refused`(url: String) async throws {
    #expect(try await Stub.error(of: HTTPRequest(.get, url)).kind == .invalidRequest)
  }

  @Test(arguments: [("X-A", "b\r\nX-Injected: 1"), ("X A", "b"), ("", "b"), ("X:A", "b"), ("X-A", "b\0c")])
  func `a header that would change the request is refused, and its value not shown`(name: String, value: String) async throws {
    var request = HTTPRequest(.get, try Stub.url + "/echo")
    request.headers.add(name, value)
    let error = try await Stub.error(of: request)
    #expect(error.kind == .invalidRequest)
    #expect(!"\(error)".contains("Injected"))
  }

  @Test func `no error shows user, password, query, fragment or headers`() async throws {
    let port = try DeafPort()
    for path in ["/path?token=SECRET#SECRET", "?SECRET", "/path#SECRET"] {
      let request = HTTPRequest(
        .post, "http://user:SECRET@127.0.0.1:\(port.port)\(path)", headers: ["Authorization": "Bearer SECRET"], body: Array("SECRET".utf8))
      let error = try await Stub.error(of: request)
      #expect(!String(reflecting: error).contains("SECRET"))
      #expect(!"\(error)".contains("user"))
    }
  }

  @Test func `where the path is a secret only the origin is shown`() async throws {
    let port = try DeafPort()
    let url = "http://127.0.0.1:\(port.port)"
    let error = try await Stub.error(of: HTTPRequest(.post, "\(url)/services/SECRET", disclosure: .origin))
    #expect("\(error)".hasPrefix("POST \(url)/…: "))
    #expect(!String(reflecting: error).contains("SECRET"))
  }

  @Test(arguments: ["http:/user:SECRET@host", "user:SECRET@host", "http://user:SECRET@host\\x", "https://a@b:SECRET@exa mple.com"])
  func `a URL that cannot be read shows no secret either`(url: String) async throws {
    let error = try await Stub.error(of: HTTPRequest(.get, url))
    #expect(!String(reflecting: error).contains("SECRET"))
  }
}

struct RetryAfterTests {
  private func retryAfter(_ query: String) async throws -> Duration? {
    try await Stub.withClient { try await $0.send(HTTPRequest(.get, "\(try Stub.url)/status/429?\(query)")).retryAfter }
  }

  @Test func `seconds are read`() async throws {
    #expect(try await retryAfter("retry-after=7") == .seconds(7))
    #expect(try await retryAfter("retry-after=0") == .zero)
    #expect(try await retryAfter("retry-after=1.5") == .milliseconds(1500))
  }

  @Test func `a date is read against the date of the response`() async throws {
    let wait = try #require(try await retryAfter("retry-after-date=90"))
    #expect((.seconds(88)...(.seconds(91))).contains(wait))
    #expect(try await retryAfter("retry-after-date=-90") == .zero)
  }

  @Test func `what cannot be read is nothing`() async throws {
    #expect(try await retryAfter("") == nil)
    #expect(try await retryAfter("retry-after=soon") == nil)
    #expect(try await retryAfter("retry-after=-5") == .zero)
  }
}
