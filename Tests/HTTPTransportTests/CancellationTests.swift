import Foundation
import HTTPTransport
import StubServer
import Testing

@Suite struct CancellationTests {
  private let server: StubServer

  init() throws { server = try StubServer() }

  private func number(_ key: String, at path: String, _ client: HTTPClient) async throws -> Int {
    let response = try await client.send(HTTPRequest(.get, server.url + path))
    return try #require(JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Int])[key] ?? 0
  }

  /// Waits until the server has been asked for `path` so many times.
  private func arrived(_ path: String, _ client: HTTPClient, count: Int = 1) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      let text = try await client.send(HTTPRequest(.get, server.url + "/_requests")).text
      if text.ranges(of: "\"path\": \"\(path)\"").count >= count { return }
    }
    Issue.record("\(path) was not requested \(count) times")
  }

  /// The server answers never, so a task that ends was cancelled; and the server saw the connection go.
  @Test func `cancelling a task ends its transfer at once`() async throws {
    let client = try HTTPClient()
    defer { client.close() }
    for round in 1...5 {
      let request = HTTPRequest(.get, server.url + "/hang")
      let task = Task { try await client.send(request) }
      try await arrived("/hang", client, count: round)
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    let deadline = ContinuousClock.now + .seconds(60)
    var abandoned = 0
    while abandoned < 5, ContinuousClock.now < deadline { abandoned = try await number("abandoned", at: "/_abandoned", client) }
    #expect(abandoned == 5)
  }

  @Test func `a task that is cancelled already sends nothing`() async throws {
    let client = try HTTPClient()
    defer { client.close() }
    let url = server.url
    for _ in 0..<20 {
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await client.send(HTTPRequest(.get, url + "/never"))
      }
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    #expect(try await client.send(HTTPRequest(.get, url + "/_requests")).text == "[]")
  }

  @Test func `cancelling some of many leaves the others alone`() async throws {
    let client = try HTTPClient()
    defer { client.close() }
    let url = server.url
    let tasks = (0..<60).map { number in
      Task { try await client.send(HTTPRequest(.get, url + (number % 3 == 0 ? "/hang" : "/bytes/\(number)"))).body.count }
    }
    for (number, task) in tasks.enumerated() where number % 3 == 0 { task.cancel() }
    for (number, task) in tasks.enumerated() {
      if number % 3 == 0 {
        await #expect(throws: CancellationError.self) { try await task.value }
      } else {
        #expect(try await task.value == number)
      }
    }
  }

  @Test func `closing the client fails what is under way and what comes after`() async throws {
    let client = try HTTPClient()
    let other = try HTTPClient()
    defer { other.close() }
    let request = HTTPRequest(.get, server.url + "/hang")
    let task = Task { try await client.send(request) }
    try await arrived("/hang", other)
    client.close()
    client.close()
    for attempt in [task, Task { try await client.send(request) }] {
      await #expect { try await attempt.value } throws: { ($0 as? HTTPError)?.kind == .clientClosed }
    }
  }

  @Test func `a client that is let go ends its thread`() async throws {
    func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
    let url = server.url
    let before = try threads()
    for _ in 0..<30 { _ = try await HTTPClient().send(HTTPRequest(.get, url + "/bytes/1")) }
    let deadline = ContinuousClock.now + .seconds(60)
    while try threads() > before + 15, ContinuousClock.now < deadline { await Task.yield() }
    #expect(try threads() <= before + 15)
  }
}
