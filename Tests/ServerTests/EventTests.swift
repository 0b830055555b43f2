import EventLog
import Foundation
import HTTPTransport
import PostgreSQL
import Server
import TestSupport
import Testing
import Values

@Suite struct EventTests {
  @Test func `pages go through the log without gap or repetition`() async throws {
    try await Served.with { served in
      let token = try await served.token(.viewer)
      for number in 1...25 {
        try await EventStore(served.database.client).append(
          [NewEvent(type: number % 5 == 0 ? "fifth" : "other", data: ["n": .integer(Int64(number))])], to: StreamName("note/\(number % 2)"),
          by: Attribution(actor: "a"))
      }
      try await served.database.client.query("select kedge.seal()")
      var (after, seen): (Int, [Int]) = (0, [])
      while true {
        let page = try await served.get("/v1/events?after=\(after)&limit=7&stream=note/", token: token).json
        seen += page.items.compactMap { $0["data"]?["n"]?.integer }
        after = page["next_after"]?.integer ?? 0
        if page["more"] != true { break }
      }
      #expect(seen == Array(1...25))
      let chosen = try await served.get("/v1/events?type=fifth&stream=note/1", token: token).json
      #expect(chosen.items.compactMap { $0["data"]?["n"]?.integer } == [5, 15, 25])
      #expect(try await served.get("/v1/events?since=1h&limit=1", token: token).json.items.count == 1)
    }
  }

  @Test(arguments: ["after=x", "after=-1", "limit=0", "limit=1001", "since=noon", "from=1"])
  func `a parameter that is wrong is refused by its name`(query: String) async throws {
    try await Served.with { served in
      let refused = try await served.get("/v1/events?\(query)", token: try await served.token(.viewer))
      #expect(refused.status == 400)
      #expect(try refused.json["detail"]?.string?.hasPrefix(query.split(separator: "=")[0]) == true)
    }
  }

  @Test func `a stream tells what comes, from where the client left off`() async throws {
    try await Served.with { served in
      let token = try await served.token(.viewer)
      let store = EventStore(served.database.client)
      func append(_ numbers: ClosedRange<Int>) async throws {
        for number in numbers {
          try await store.append([NewEvent(type: "noted", data: ["n": .integer(Int64(number))])], to: StreamName("note/x"), by: Attribution(actor: "a"))
        }
        try await served.database.client.query("select kedge.seal()")
      }
      try await append(1...3)
      // From the position of the first event on; it goes on with those that are appended while it listens.
      let position = try await store.head()
      let client = try Listener(served.url + "/v1/events?type=noted", token: token, "-H", "Last-Event-ID: \(position - 2)")
      defer { client.end() }
      #expect(try await eventually { client.text.contains("\"n\":3") })
      try await append(4...5)
      #expect(try await eventually { client.text.contains("\"n\":5") && client.text.hasSuffix("\n\n") })
      let text = client.text
      let messages = text.split(separator: "\n\n").filter { $0.hasPrefix("id: ") }
      #expect(messages.count == 4, "\(text)")
      #expect(messages.first?.hasPrefix("id: \(position - 1)\nevent: noted\ndata: {") == true)
    }
  }

  @Test func `more streams than are served are refused, and open ones end with the server`() async throws {
    let (clients, continuation) = AsyncStream<Listener>.makeStream()
    try await Served.with({ $0.maximumStreams = 1 }) { served in
      let token = try await served.token(.viewer)
      continuation.yield(try Listener(served.url + "/v1/events", token: token))
      #expect(try await eventually { try await served.isFull(token) })
    }
    var listeners = clients.makeAsyncIterator()
    let listener = try #require(await listeners.next())
    defer { listener.end() }
    #expect(try await eventually { !listener.isRunning })
    #expect(listener.status == 0)
  }
}

/// A client of a stream of events: curl, which writes what it hears to a file.
private final class Listener: @unchecked Sendable {
  // Only the test's own task uses it.
  private let process = Process()
  private let file = FileManager.default.temporaryDirectory.appendingPathComponent("kedge-listener-\(UUID().lowercased)")

  init(_ url: String, token: String, _ more: String...) throws {
    try Data().write(to: file)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["curl", "-sN", "--max-time", "300", "-H", "Authorization: Bearer \(token)", "-H", "Accept: text/event-stream"] + more + [url]
    process.standardOutput = try FileHandle(forWritingTo: file)
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  var text: String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
  var isRunning: Bool { process.isRunning }
  var status: Int32 { process.terminationStatus }

  func end() {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: file)
  }
}
