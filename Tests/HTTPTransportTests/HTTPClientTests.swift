import Foundation
import HTTPTransport
import StubServer
import Testing

/// One server for the suites of this module, and a client.
enum Stub {
  static let server = Result { try StubServer() }
  static var url: String { get throws { try server.get().url } }

  static func withClient<Value>(_ body: (HTTPClient) async throws -> Value) async throws -> Value {
    let client = try HTTPClient()
    defer { client.close() }
    return try await body(client)
  }

  /// The error that `body` throws.
  static func error(of request: HTTPRequest) async throws -> HTTPError {
    try await withClient { client in
      do {
        let response = try await client.send(request)
        throw Unexpected.response(response.status)
      } catch let error as HTTPError {
        return error
      }
    }
  }

  enum Unexpected: Error { case response(Int) }
}

struct HTTPClientTests {
  struct Echo: Decodable {
    let method: String
    let path: String
    let headers: [[String]]
    let body: String
    func header(_ name: String) -> [String] { headers.filter { $0[0].lowercased() == name }.map { $0[1] } }
  }

  @Test(arguments: [HTTPRequest.Method.get, .post, .put, .patch, .delete])
  func `a request arrives as it was made`(method: HTTPRequest.Method) async throws {
    let body = method == .get ? [] : Array("{\"ä\": 1}".utf8)
    let request = HTTPRequest(
      method, "\(try Stub.url)/echo?a=1&b=%20", headers: ["Content-Type": "application/json", "X-Empty": "", "X-One": "1"], body: body)
    let response = try await Stub.withClient { try await $0.send(request) }
    #expect(response.status == 200)
    let echo = try JSONDecoder().decode(Echo.self, from: Data(response.body))
    #expect(echo.method == method.rawValue)
    #expect(echo.path == "/echo?a=1&b=%20")
    #expect(Array(echo.body.utf8) == body)
    #expect(echo.header("content-type") == ["application/json"])
    #expect(echo.header("x-empty") == [""])
    #expect(echo.header("x-one") == ["1"])
    #expect(echo.header("expect") == [])
    #expect(echo.header("user-agent") == ["kedge"])
  }

  @Test(arguments: [HTTPRequest.Method.post, .put, .patch])
  func `an empty body has the length 0 and no type`(method: HTTPRequest.Method) async throws {
    let response = try await Stub.withClient { try await $0.send(HTTPRequest(method, "\(try Stub.url)/echo")) }
    let echo = try JSONDecoder().decode(Echo.self, from: Data(response.body))
    #expect(echo.header("content-length") == ["0"])
    #expect(echo.header("content-type") == [])
  }

  @Test func `a head request has headers and no body`() async throws {
    let response = try await Stub.withClient { try await $0.send(HTTPRequest(.head, "\(try Stub.url)/bytes/12")) }
    #expect(response.headers["content-LENGTH"] == "12")
    #expect(response.body.isEmpty)
  }

  @Test func `a header that comes twice is kept twice`() async throws {
    let response = try await Stub.withClient { try await $0.send(HTTPRequest(.get, "\(try Stub.url)/echo")) }
    #expect(response.headers.fields.filter { $0.name == "X-Twice" }.map(\.value) == ["one", "two"])
  }

  @Test(arguments: [204, 301, 404, 429, 500, 503])
  func `any status is a response`(status: Int) async throws {
    let response = try await Stub.withClient { try await $0.send(HTTPRequest(.get, "\(try Stub.url)/status/\(status)")) }
    #expect(response.status == status)
    #expect(response.isSuccess == (status == 204))
  }

  @Test func `a redirect is the response unless following was asked for`() async throws {
    let url = try Stub.url
    try await Stub.withClient { client in
      var request = HTTPRequest(.get, "\(url)/redirect?to=/bytes/3")
      #expect(try await client.send(request).status == 302)
      request.redirects = .followed(atMost: 1)
      let followed = try await client.send(request)
      #expect(followed.status == 200)
      #expect(followed.text == "xxx")
      #expect(followed.headers["Location"] == nil)
    }
  }

  @Test func `redirects are followed no further than asked, and never to another scheme`() async throws {
    let url = try Stub.url
    let loop = try await Stub.error(of: HTTPRequest(.get, "\(url)/redirect?to=/redirect?to=/echo", redirects: .followed(atMost: 1)))
    #expect(loop.kind == .tooManyRedirects)
    let file = try await Stub.error(of: HTTPRequest(.get, "\(url)/redirect?to=file:///etc/hostname", redirects: .followed(atMost: 5)))
    #expect(file.kind == .invalidRequest)
  }

  @Test func `a response of exactly the limit passes and one byte more does not`() async throws {
    let url = try Stub.url
    let response = try await Stub.withClient { try await $0.send(HTTPRequest(.get, "\(url)/bytes/100000", maximumResponseBytes: 100_000)) }
    #expect(response.body.count == 100_000)
    let error = try await Stub.error(of: HTTPRequest(.get, "\(url)/bytes/100001", maximumResponseBytes: 100_000))
    #expect(error.kind == .responseTooLarge)
    #expect(!error.isRetryable)
    #expect("\(error)" == "GET \(url)/bytes/100001: the response is longer than 100000 bytes")
  }

  @Test func `an endless response ends at the limit`() async throws {
    let error = try await Stub.error(of: HTTPRequest(.get, "\(try Stub.url)/endless", maximumResponseBytes: 1 << 20))
    #expect(error.kind == .responseTooLarge)
  }

  @Test func `many requests run at the same time`() async throws {
    let url = try Stub.url
    try await Stub.withClient { client in
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<200 { group.addTask { try await client.send(HTTPRequest(.get, "\(url)/status/\(200 + number % 4)")).status } }
        return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
      }
      #expect(statuses == [200: 50, 201: 50, 202: 50, 203: 50])
    }
  }

  @Test func `more requests than connections wait for one another`() async throws {
    let url = try Stub.url
    let client = try HTTPClient(maximumConnections: 2)
    defer { client.close() }
    let total = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<50 { group.addTask { try await client.send(HTTPRequest(.get, "\(url)/bytes/10")).body.count } }
      return try await group.reduce(0, +)
    }
    #expect(total == 500)
  }
}
