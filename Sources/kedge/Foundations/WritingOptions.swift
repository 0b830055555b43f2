internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections

/// What every command takes that changes something.
struct WritingOptions: ParsableArguments {
  @Option(name: .customLong("as"), help: ArgumentHelp("Who acts; else the operating system's user.", valueName: "name"))
  var actor: String?

  @Option(help: ArgumentHelp("Why; it stands in the log for good.", valueName: "text"))
  var reason: String?

  @Flag(help: "Prints the events that it would append, and appends none.")
  var dryRun = false

  @Option(help: ArgumentHelp("The same command with the same key takes effect once.", valueName: "key"))
  var idempotencyKey: String?

  @Option(help: ArgumentHelp("Fails with exit code 6 unless the stream is at this version.", valueName: "n"))
  var expectedVersion: Int64?

  @Flag(help: "Does not ask. It never stands in for an approval.")
  var yes = false

  func validate() throws {
    if let actor, actor.isEmpty { throw ValidationError("--as is empty; name who acts") }
    if let actor, actor.hasPrefix("kedge/") { throw ValidationError("--as \(actor): names that begin with kedge/ are those of policies; name a person") }
    if reason == "" { throw ValidationError("--reason is empty; say why, or leave it out") }
    if let key = idempotencyKey, key.isEmpty || key.utf8.count > 1000 { throw ValidationError("--idempotency-key has 1 to 1000 bytes") }
    if let version = expectedVersion, version < 0 { throw ValidationError("--expected-version \(version) is negative; 0 means that there is nothing yet") }
  }

  /// Who acts.
  var name: String {
    if let actor { return actor }
    if let entry = getpwuid(geteuid()) { return String(cString: entry.pointee.pw_name) }
    return "uid-\(geteuid())"
  }

  /// Makes sure that what cannot be undone is meant.
  /// - Parameter deed: what is about to happen, e.g. `roll back breast-cancer-prod`.
  func confirm(_ deed: String) throws(Complaint) {
    guard !yes, !dryRun else { return }
    guard Terminal.hasInput else {
      throw Complaint(.badUsage, "\(deed): nobody can be asked, because standard input is no terminal; add --yes")
    }
    guard Terminal.ask("\(deed)?") else { throw Complaint(.failed, "\(deed): not confirmed; nothing was changed") }
  }
}

/// How long `--wait` waits.
struct WaitLimit: ExpressibleByArgument {
  /// Nil: for ever.
  let span: Span?

  static let forever = "forever"

  init?(argument: String) {
    if argument == WaitLimit.forever {
      span = nil
    } else {
      guard let span = Span(argument) else { return nil }
      self.span = span
    }
  }
}

/// What commands take that start something.
struct WaitingOptions: ParsableArguments {
  @Option(
    name: .customLong("wait"),
    help: ArgumentHelp("Returns when it is over; --wait=10m at most that long.", valueName: "duration"))
  var wait: WaitLimit?

  /// The same, and then waits a moment for the read models, so that whoever looks next sees what this command has waited for.
  func until<Result>(_ what: String, in client: PostgresClient, _ look: () async throws -> Result?) async throws -> Result {
    let result = try await until(what, look)
    let deadline = ContinuousClock.now + .seconds(3)
    while ContinuousClock.now < deadline, try await !ReadModels.areCaughtUp(client) { try await Task.sleep(for: .milliseconds(20)) }
    return result
  }

  /// Asks again and again whether it is over.
  /// - Throws: a complaint with exit code 7 when the time is up.
  func until<Result>(_ what: String, every pause: Duration = .milliseconds(200), _ look: () async throws -> Result?) async throws -> Result {
    let clock = ContinuousClock()
    let deadline = (wait?.span).map { clock.now + $0.duration }
    while true {
      if let result = try await look() { return result }
      if let deadline, clock.now >= deadline {
        throw Complaint(.timedOut, "\(what) is not over after \(wait?.span?.description ?? ""); it goes on, and nothing was undone")
      }
      try await Task.sleep(for: pause)
    }
  }
}
