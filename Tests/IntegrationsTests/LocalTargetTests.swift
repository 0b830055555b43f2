import Foundation
import Glibc
import HTTPTransport
import Integrations
import StubServer
import Testing
import Values

/// A target directory with versions 1…4 of `risk/fraud` in it, and a server that follows it.
struct Deployment {
  let directory: TemporaryDirectory
  let http: HTTPClient

  init() throws {
    directory = try TemporaryDirectory()
    http = try HTTPClient()
    for number in 1...4 { try directory.write("versions/risk/fraud/\(number)/model.bin", "\(number)") }
  }

  func version(_ number: Int) -> PlacedVersion {
    PlacedVersion(version: "risk/fraud/\(number)", path: "\(directory.path)/versions/risk/fraud/\(number)/model.bin", sha256: "of risk/fraud/\(number)")
  }

  func plan(_ current: Int, _ candidate: Int? = nil, share: Double = 5, shadow: Bool = false) -> TrafficPlan {
    TrafficPlan(current: version(current), candidate: candidate.map(version), share: candidate == nil ? 0 : share, shadow: shadow)
  }

  /// A server that notices a change at the `late`-th look.
  func following(late: Int = 0) throws -> String { "\(try Stub.url)/follow?file=\(directory.path)/traffic.json&late=\(late)" }

  func target(health: String?, healthTimeout: Duration = .seconds(10), lockTimeout: Duration = .seconds(10)) -> LocalTarget {
    LocalTarget(directory: directory.path, health: health, healthTimeout: healthTimeout, lockTimeout: lockTimeout, http: http)
  }

  /// What stands in `traffic.json`; nil when it is not there.
  var traffic: JSON? {
    get throws {
      guard directory.exists("traffic.json") else { return .none }
      return try JSON(parsing: try directory.read("traffic.json"))
    }
  }
  var link: String? { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory.path)/current") }

  func expected(_ plan: TrafficPlan, _ token: Int) -> JSON {
    var json = plan.json
    json["token"] = .integer(Int64(token))
    return json
  }

  func failure(_ body: () async throws -> Void) async throws -> TargetFailure? {
    do { try await body() } catch let failure as TargetFailure { return failure }
    return nil
  }

  /// A deployer in a process of its own, which stops or kills itself at a step.
  func deployer(_ arguments: [String]) throws -> (process: Process, output: Pipe) {
    let process = Process()
    process.executableURL = URL(filePath: Attempt.fixture)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    return (process, output)
  }
}

struct LocalTargetTests {
  @Test func `traffic, link and token are written as promised`() async throws {
    let deployment = try Deployment()
    let target = deployment.target(health: try deployment.following())
    try await target.shift(to: deployment.plan(3, 4), token: 17)
    let path = deployment.directory.path
    #expect(
      try deployment.traffic == [
        "current": ["version": "risk/fraud/3", "path": "\(path)/versions/risk/fraud/3/model.bin", "sha256": "of risk/fraud/3"],
        "candidate": ["version": "risk/fraud/4", "path": "\(path)/versions/risk/fraud/4/model.bin", "sha256": "of risk/fraud/4"],
        "share": 5, "shadow": false, "token": 17,
      ] as JSON)
    #expect(try deployment.directory.read("traffic.json").contains("\"share\": 5,"))
    #expect(deployment.link == "versions/risk/fraud/3")
    #expect(try deployment.directory.read("current/model.bin") == "3")
    #expect(try await target.served() == ServedTraffic(current: "risk/fraud/3", candidate: "risk/fraud/4"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [".deploy", "current", "traffic.json", "versions"])
  }

  @Test func `a shift waits until the server has followed`() async throws {
    let deployment = try Deployment()
    try await deployment.target(health: try deployment.following(late: 3)).shift(to: deployment.plan(1), token: 1)
    let served = try await deployment.http.send(HTTPRequest(.get, try deployment.following()))
    #expect(served.text == #"{"current": "risk/fraud/1", "candidate": null}"#)
  }

  @Test func `without a health URL nothing is waited for`() async throws {
    let deployment = try Deployment()
    try await deployment.target(health: nil).shift(to: deployment.plan(1), token: 1)
    #expect(try deployment.traffic == deployment.expected(deployment.plan(1), 1))
    #expect(try await deployment.target(health: nil).served() == nil)
  }

  @Test func `doing it again, with the same token or a higher one, changes nothing else`() async throws {
    let deployment = try Deployment()
    let target = deployment.target(health: try deployment.following())
    for token: Int64 in [5, 5, 6] {
      try await target.shift(to: deployment.plan(1, 2, shadow: true), token: token)
      #expect(try deployment.traffic == deployment.expected(deployment.plan(1, 2, shadow: true), Int(token)))
    }
    try await target.shift(to: deployment.plan(2), token: 6)
    #expect(try deployment.traffic == deployment.expected(deployment.plan(2), 6))
    #expect(deployment.link == "versions/risk/fraud/2")
  }

  @Test func `a lower token is refused and changes nothing`() async throws {
    let deployment = try Deployment()
    let target = deployment.target(health: try deployment.following())
    try await target.shift(to: deployment.plan(1), token: 9)
    let failure = try await deployment.failure { try await target.shift(to: deployment.plan(2), token: 8) }
    #expect(failure == .staleToken(given: 8, highest: 9))
    #expect(failure?.isRetryable == false)
    #expect(try deployment.traffic == deployment.expected(deployment.plan(1), 9))
    #expect(deployment.link == "versions/risk/fraud/1")
  }

  @Test func `when the server does not follow, the confirmed traffic is put back`() async throws {
    let deployment = try Deployment()
    try await deployment.target(health: try deployment.following()).shift(to: deployment.plan(1, 2), token: 1)
    let stuck = "\(try Stub.url)/status/200?body=%7B%22current%22:%22risk/fraud/1%22,%22candidate%22:%22risk/fraud/2%22%7D"
    let target = deployment.target(health: stuck, healthTimeout: .milliseconds(300))
    let failure = try await deployment.failure { try await target.shift(to: deployment.plan(3), token: 2) }
    #expect(
      failure
        == .notConfirmed(
          expected: "risk/fraud/3 alone", answered: "it serves risk/fraud/1 with candidate risk/fraud/2",
          restored: "the traffic is risk/fraud/1 with candidate risk/fraud/2 again"))
    #expect(try deployment.traffic == deployment.expected(deployment.plan(1, 2), 2))
    #expect(deployment.link == "versions/risk/fraud/1")
  }

  @Test func `when there was no traffic before, none is left`() async throws {
    let deployment = try Deployment()
    let target = deployment.target(health: "\(try Stub.url)/status/503", healthTimeout: .milliseconds(200))
    let failure = try await deployment.failure { try await target.shift(to: deployment.plan(1), token: 1) }
    #expect("\(try #require(failure))".hasSuffix("/status/503 answered 503; there was no traffic before, and there is none again"))
    #expect(try deployment.traffic == JSON?.none)
    #expect(deployment.link == nil)
    try await deployment.target(health: try deployment.following()).shift(to: deployment.plan(1), token: 1)
    #expect(try deployment.traffic == deployment.expected(deployment.plan(1), 1))
  }

  @Test func `traffic that was there before Kedge is what is put back`() async throws {
    let deployment = try Deployment()
    try deployment.directory.write("traffic.json", deployment.plan(2).json.description)
    let target = deployment.target(health: "http://127.0.0.1:1/", healthTimeout: .milliseconds(100))
    _ = try await deployment.failure { try await target.shift(to: deployment.plan(1), token: 4) }
    #expect(try deployment.traffic == deployment.expected(deployment.plan(2), 4))
    #expect(deployment.link == "versions/risk/fraud/2")
  }

  @Test(arguments: ["/status/500", "/status/200?body=ok", "/status/200?body=%7B%22current%22:3%7D", "/close", "/bytes/100000"])
  func `a health URL that answers anything else confirms nothing`(path: String) async throws {
    let deployment = try Deployment()
    let target = deployment.target(health: try Stub.url + path, healthTimeout: .milliseconds(100))
    let failure = try await deployment.failure { try await target.shift(to: deployment.plan(1), token: 1) }
    guard case .notConfirmed = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test func `a worker that is overtaken while it waits gives up and puts nothing back`() async throws {
    let deployment = try Deployment()
    try await deployment.target(health: try deployment.following()).shift(to: deployment.plan(1), token: 1)
    let zombie = deployment.target(health: "\(try Stub.url)/status/503", healthTimeout: .seconds(60))
    let task = Task { try await deployment.failure { try await zombie.shift(to: deployment.plan(2), token: 2) } }
    #expect(try await eventually { try deployment.traffic?["token"] == 2 })
    try await deployment.target(health: try deployment.following()).shift(to: deployment.plan(3), token: 3)
    #expect(try await task.value == .staleToken(given: 2, highest: 3))
    #expect(try deployment.traffic == deployment.expected(deployment.plan(3), 3))
  }

  @Test func `cancelling leaves the shift begun, and doing it again completes it`() async throws {
    let deployment = try Deployment()
    let target = deployment.target(health: "\(try Stub.url)/status/503", healthTimeout: .seconds(60))
    let task = Task { try await deployment.failure { try await target.shift(to: deployment.plan(2), token: 2) } }
    #expect(try await eventually { try deployment.traffic?["token"] == 2 })
    task.cancel()
    #expect(try await task.value == .cancelled)
    #expect(try deployment.traffic == deployment.expected(deployment.plan(2), 2))
    try await deployment.target(health: try deployment.following()).shift(to: deployment.plan(2), token: 3)
    #expect(try deployment.traffic == deployment.expected(deployment.plan(2), 3))
  }

  @Test func `plans that make no sense are refused before anything is written`() async throws {
    let deployment = try Deployment()
    let target = deployment.target(health: nil)
    let relative = PlacedVersion(version: "m/1", path: "versions/m/1/model", sha256: "")
    let absent = PlacedVersion(version: "m/1", path: "\(deployment.directory.path)/versions/m/1/model", sha256: "")
    let one = deployment.version(1)
    for plan in [
      TrafficPlan(current: relative), TrafficPlan(current: absent), TrafficPlan(current: one, candidate: absent, share: 5), TrafficPlan(current: one, share: 5),
      TrafficPlan(current: one, shadow: true), TrafficPlan(current: one, candidate: deployment.version(2), share: 101),
      TrafficPlan(current: one, candidate: deployment.version(2), share: .nan), TrafficPlan(current: one, candidate: one, share: 5),
    ] {
      guard case .invalid = try await deployment.failure({ try await target.shift(to: plan, token: 1) }) else {
        Issue.record("\(plan)")
        continue
      }
      #expect(try deployment.traffic == JSON?.none)
    }
  }

  @Test func `readers never see anything but a whole state`() async throws {
    let deployment = try Deployment()
    let target = deployment.target(health: nil)
    try await target.shift(to: deployment.plan(1), token: 0)
    let reader = Task {
      var looks = 0
      while !Task.isCancelled {
        let traffic = try #require(TrafficPlan(json: try JSON(parsing: try deployment.directory.read("traffic.json"))))
        #expect(traffic == deployment.plan(1, 2) || traffic == deployment.plan(2) || traffic == deployment.plan(1))
        #expect(["1", "2"].contains(try deployment.directory.read("current/model.bin")))
        looks += 1
        try? await Task.sleep(for: .milliseconds(1))
      }
      return looks
    }
    for token in 1...40 { try await target.shift(to: token.isMultiple(of: 2) ? deployment.plan(1, 2) : deployment.plan(2), token: Int64(token)) }
    reader.cancel()
    #expect(try await reader.value > 10)
  }

  @Test func `deployers at the same time leave one whole state, and the highest token wins`() async throws {
    let deployment = try Deployment()
    let target = deployment.target(health: nil)
    await withTaskGroup(of: Void.self) { group in
      for token in 1...24 {
        group.addTask { _ = try? await deployment.failure { try await target.shift(to: deployment.plan(token % 4 + 1), token: Int64(token)) } }
      }
    }
    #expect(try deployment.traffic == deployment.expected(deployment.plan(1), 24))
    #expect(deployment.link == "versions/risk/fraud/1")
  }
}
