import Glibc
import TestSupport

/// One interleaving: sessions take steps in an order that is drawn from the seed.
///
/// A session whose step waits for a lock is left waiting, and others go on; the lock manager is asked who waits for whom, so that what
/// is drawn next depends on locks, not on time. One thing the seed does not decide: of several that wait when a lock is given up, which
/// goes first. Such moments are counted as races, and `KEDGE_SEED` runs its interleaving many times.
struct Interleaving {
  /// What came of it.
  struct Report: Sendable {
    let seed: Seed
    /// What happened, a line for each step.
    var trace: [String] = []
    var violations: [String] = []
    var steps = 0
    /// Steps that had to wait for another session.
    var waits = 0
    var deadlocks = 0
    var events = 0
    /// Times at which a lock was given up while several waited.
    var races = 0

    /// What went wrong, and how to see it again.
    var message: String {
      """
      interleaving of \(seed) broke a rule:
      \(violations.joined(separator: "\n"))
      \(trace.joined(separator: "\n"))
      Again: KEDGE_SEED=\(seed.value) ops/test Interleavings
      """
    }
  }

  /// It came to no end.
  struct Stuck: Error, CustomStringConvertible { let description: String }

  /// One of the sessions, and what it remembers, as a process would.
  struct Participant {
    enum Transaction { case none, open, failed }

    let session: Session
    var transaction = Transaction.none
    /// What the open transaction did: first without a savepoint, then since each.
    var frames: [[Ledger.Effect]] = []
    /// What it was told to do and has not done yet.
    var pending: Step?
    /// Whether it was found waiting for a lock.
    var isWaiting = false
    /// Work that it was given; it does not notice when that is over.
    var claims: [Step.Claim] = []
    /// Events that it has read in the log, or has appended and committed.
    var seen: [String] = []
    /// What it has followed, by transactions that were committed.
    var followed: [Ledger.Followed] = []
    /// Versions of streams that it knows of.
    var versions: [Int: Int64] = [:]

    /// The last position that it has read, in the open transaction too.
    func place(start: Int64) -> Int64 {
      for frame in frames.reversed() {
        for case .followed(let events) in frame.reversed() { if let last = events.last { return last.position } }
      }
      return followed.last?.position ?? start
    }
  }

  let lane: Lane
  /// Names its streams and its work; nothing else has this name.
  let name: String
  let start: Int64
  var random: SeededGenerator
  var participants: [Participant]
  var ledger = Ledger()
  /// Transactions that were prepared and have not been ended, by identifier, with what they did.
  var prepared: [(identifier: String, effects: [Ledger.Effect])] = []
  var report: Report
  let streams: Int
  var work: [String] = []
  /// Whether it also raises epochs.
  let raises: Bool
  /// Whether it often raises the floor.
  let raisesFloor: Bool

  init(_ seed: Seed, on lane: Lane, name: String, after start: Int64) {
    (self.lane, self.name, self.start) = (lane, name, start)
    random = seed.makeGenerator()
    report = Report(seed: seed)
    let sessions = Int.random(in: 2...Lane.mostSessions, using: &random)
    streams = Int.random(in: 1...3, using: &random)
    raises = Int.random(in: 0..<20, using: &random) == 0
    raisesFloor = Int.random(in: 0..<4, using: &random) == 0
    participants = lane.sessions.prefix(sessions).map { Participant(session: $0) }
  }

  /// Takes the steps, then ends all that is open.
  mutating func run() throws {
    work = try lane.control.run(
      """
      insert into kedge.work (id, kind, stream, subject, sequence, position, created_at)
      select gen_random_uuid(), 'interleave', 'work', g.n::text, g.n, 1, now() - make_interval(secs => 10 - g.n) from generate_series(1, 3) g (n)
      order by g.n returning id
      """
    ).compactMap(\.[0])
    for _ in 0..<Int.random(in: 15...40, using: &random) {
      let idle = participants.indices.filter { participants[$0].pending == nil }
      if !prepared.isEmpty, idle.isEmpty || Int.random(in: 0..<8, using: &random) == 0 {
        try endPrepared()
      } else if let next = idle.randomElement(using: &random) {
        try take(draw(for: next), next)
      }
    }
    while true {
      if let open = participants.indices.first(where: { participants[$0].pending == nil && participants[$0].transaction != .none }) {
        let ends = participants[open].transaction == .open && Int.random(in: 0..<4, using: &random) > 0
        try take(ends ? .commit : .abort, open)
      } else if !prepared.isEmpty {
        try endPrepared()
      } else if participants.contains(where: { $0.pending != nil }) {
        throw Stuck(description: "all that was open has ended, and a session still waits")
      } else {
        return
      }
    }
  }

  /// Lets a session take a step, until it has done it or waits.
  private mutating func take(_ step: Step, _ index: Int) throws {
    report.steps += 1
    let statement = sql(for: step, index)
    participants[index].pending = step
    try participants[index].session.send(statement.text, statement.parameters)
    try settle(sent: index)
  }

  private mutating func endPrepared() throws {
    let (identifier, effects) = prepared.remove(at: Int.random(in: 0..<prepared.count, using: &random))
    let commits = Int.random(in: 0..<3, using: &random) > 0
    _ = try lane.control.run("\(commits ? "COMMIT" : "ROLLBACK") PREPARED '\(identifier)'")
    report.steps += 1
    report.trace.append("\(commits ? "commit" : "roll back") prepared \(identifier.suffix(from: identifier.index(after: name.endIndex)))")
    // Nobody follows the log in two places: what a prepared transaction has read is not counted.
    if commits { _ = ledger.commit(effects) }
    try settle(sent: nil)
  }

  /// Waits until every session is done, or waits for a lock of one that is not told anything.
  private mutating func settle(sent: Int?) throws {
    // A statement takes less than a millisecond, mostly: asking the lock manager at once would be in vain.
    var patience: Int32 = sent == nil ? 0 : 1
    let deadline = ContinuousClock.now + .seconds(240)
    let waited = participants.count(where: \.isWaiting)
    var results: [Int: Session.Result] = [:]
    while true {
      for index in participants.indices where participants[index].pending != nil && results[index] == nil {
        guard let result = try participants[index].session.result() else { continue }
        results[index] = result
        patience = 0
      }
      let running = participants.indices.filter { participants[$0].pending != nil && results[$0] == nil }
      if patience > 0, !running.isEmpty, Session.wait(for: running.map { participants[$0].session }, milliseconds: patience) { continue }
      if try areWaiting(running) {
        if waited > 1, results.keys.contains(where: { participants[$0].isWaiting }) { report.races += 1 }
        // The one that was told comes first: what it did is what others waited for.
        for index in (sent.map { [$0] } ?? []) + participants.indices.filter({ $0 != sent }) {
          if let result = results[index] { finish(index, result) }
        }
        for index in running where !participants[index].isWaiting {
          participants[index].isWaiting = true
          report.waits += 1
          report.trace.append("\(index) waits: \(participants[index].pending!)")
        }
        return
      }
      guard ContinuousClock.now < deadline else {
        throw Stuck(description: "after four minutes these have not ended, and wait for no lock: \(running.map { "\($0): \(participants[$0].pending!)" })")
      }
      patience = min(max(1, patience * 2), 20)
    }
  }

  /// Whether each of these waits for a lock, in the end of one of the sessions that have nothing to do, or of a prepared transaction.
  private func areWaiting(_ running: [Int]) throws -> Bool {
    guard !running.isEmpty else { return true }
    let pending = running.map { participants[$0].session.processID }
    let rows = try lane.control.run(
      "select p, array_to_string(pg_blocking_pids(p), ' ') from unnest($1::int[]) p", ["{\(pending.map(String.init).joined(separator: ","))}"])
    var waits: [Int32: Set<Int32>] = [:]
    for row in rows { waits[Int32(row[0] ?? "") ?? 0] = Set((row[1] ?? "").split(separator: " ").compactMap { Int32($0) }) }
    // 0 is a prepared transaction.
    let resting = Set(participants.indices.filter { !running.contains($0) }.map { participants[$0].session.processID }).union([0])
    for process in pending {
      var (reached, ahead): (Set<Int32>, [Int32]) = ([], [process])
      while let next = ahead.popLast() {
        guard !resting.contains(next) else { continue }
        // Somebody runs, or is not one of ours: the wait is not the scheduler's to end.
        guard let blockers = waits[next], !blockers.isEmpty else { return false }
        for blocker in blockers where reached.insert(blocker).inserted { ahead.append(blocker) }
      }
      // A circle: one of them will be told to give way.
      guard !reached.isDisjoint(with: resting) else { return false }
    }
    return true
  }

  /// What a prepared transaction is called, by which others know it: unlike any other of the cluster.
  func identifier(_ index: Int) -> String { "\(name)-\(index)-\(report.steps)" }
}
