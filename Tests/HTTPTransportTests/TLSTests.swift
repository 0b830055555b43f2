import Foundation
import HTTPTransport
import StubServer
import Testing

@Suite struct TLSTests {
  private static let directory = FileManager.default.temporaryDirectory.appending(path: "kedge-tls-\(UUID().uuidString)")

  /// A self-signed certificate for `localhost`, made for this run, and gone with it.
  static let server = Result {
    atexit { try? FileManager.default.removeItem(at: TLSTests.directory) }
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let identity = try StubServer.Identity(selfSignedIn: directory)
    return (try StubServer(tls: identity), identity.certificate)
  }

  @Test func `a certificate of the given authority is trusted`() async throws {
    let (server, certificate) = try Self.server.get()
    let request = HTTPRequest(.get, server.url + "/bytes/5", certificateAuthorityFile: certificate)
    #expect(try await Stub.withClient { try await $0.send(request) }.text == "xxxxx")
  }

  @Test func `a certificate that nobody vouches for is rejected, for good`() async throws {
    let (server, _) = try Self.server.get()
    let error = try await Stub.error(of: HTTPRequest(.get, server.url + "/bytes/5"))
    #expect(error.kind == .certificateRejected)
    #expect(!error.isRetryable)
  }

  @Test func `a certificate of another host is rejected`() async throws {
    let (server, certificate) = try Self.server.get()
    let url = server.url.replacing("localhost", with: "127.0.0.1")
    let error = try await Stub.error(of: HTTPRequest(.get, url, certificateAuthorityFile: certificate))
    #expect(error.kind == .certificateRejected)
  }

  @Test func `a missing file of authorities is an invalid request that names it`() async throws {
    let (server, _) = try Self.server.get()
    let error = try await Stub.error(of: HTTPRequest(.get, server.url, certificateAuthorityFile: "/nonexistent/ca.pem"))
    #expect(error.kind == .invalidRequest)
    #expect("\(error)".contains("/nonexistent/ca.pem"))
  }
}
