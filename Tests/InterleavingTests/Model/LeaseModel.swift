/// Claim, append with a token, complete, expiry, the work projection and rebuilds, for one piece of work and a few workers: every order in
/// which their steps can happen.
///
/// What it assumes:
/// - The row of a lease has one writer at a time, until its transaction ends; a claim passes over a row that is locked.
/// - A lease can run out at any moment, whoever holds it, also in the middle of its transaction; its holder does not notice. So can a worker
///   stop for ever at any step, which is the same as taking no step.
/// - The outcome of work is sealed and reaches the work projection any time after its commit.
///
/// What it leaves out: heartbeats (they only make a lease run out later), pools and exclusive keys (they only allow fewer claims), and more
/// than one piece of work (they share nothing but the sequence of tokens).
struct LeaseModel: Model {
  /// Ways to be wrong.
  enum Mistake: CaseIterable {
    /// The token is not looked at, only that somebody has the work.
    case withoutToken
    /// The lease is checked, and the outcome appended in a later transaction.
    case checksBefore
    /// Completing leaves the lease as it is: the projection will remove the work.
    case withoutDone
    /// The newest token is good enough, also when its lease has run out.
    case afterItsTime
    /// Claim gives no new token.
    case sameToken
    /// A rebuild makes the leases anew.
    case rebuildForgets
  }

  var workers = 2
  /// How often each may claim.
  var claims = 2
  var mistake: Mistake?

  struct Lease: Hashable {
    var token = 0
    var isHeld = false
    var isOver = false
    var isDone = false
  }

  struct Worker: Hashable {
    enum Phase: Hashable { case idle, working, checked, appended(completing: Bool) }
    var phase = Phase.idle
    var token = 0
    var claims = 0
    /// Has recorded progress, and may do it again no more: fewer states.
    var hasReported = false
  }

  struct Outcome: Hashable {
    let token: Int
    let completes: Bool
    /// Whether the lease was live and this token the newest, in truth, when it was checked under the row's lock.
    let isFresh: Bool
  }

  struct State: Hashable {
    var lease = Lease()
    /// The lease as the transaction that holds its lock has it.
    var uncommitted: Lease?
    /// The worker whose transaction holds the row's lock.
    var lockedBy: Int?
    var workers: [Worker]
    var log: [Outcome] = []
    var pending: Outcome?
    /// Whether the work projection shows the work.
    var isWanted = true
    var rebuilds = 0
    /// The newest token that was ever given.
    var newest = 0
  }

  var initial: State { State(workers: Array(repeating: Worker(), count: workers)) }

  func steps(from state: State) -> [(name: String, next: State)] {
    var steps: [(String, State)] = []
    func step(_ name: String, _ change: (inout State) -> Void) {
      var next = state
      change(&next)
      steps.append((name, next))
    }
    if state.lease.isHeld, !state.lease.isOver, !state.lease.isDone {
      // The row's lock does not keep time from passing.
      step("the lease runs out") {
        $0.lease.isOver = true
        $0.uncommitted?.isOver = true
      }
    }
    for index in state.workers.indices { addSteps(of: index, state, step) }
    if state.isWanted, state.log.contains(where: \.completes) { step("the projection passes the outcome") { $0.isWanted = false } }
    if state.isWanted, state.lockedBy == nil, state.rebuilds < 1 {
      step("the projection is rebuilt") {
        $0.rebuilds += 1
        if mistake == .rebuildForgets { $0.lease = Lease(token: $0.lease.token) }
      }
    }
    return steps
  }

  private func addSteps(of index: Int, _ state: State, _ step: (String, (inout State) -> Void) -> Void) {
    let worker = state.workers[index]
    let name = "worker \(index)"
    switch worker.phase {
    case .idle:
      let lease = state.lease
      let isFree = !lease.isDone && state.isWanted && (!lease.isHeld || lease.isOver)
      guard isFree, state.lockedBy == nil, worker.claims < claims else { return }
      step("\(name) claims") {
        if mistake != .sameToken || $0.lease.token == 0 { $0.newest += 1 }
        $0.lease = Lease(token: $0.newest, isHeld: true)
        $0.workers[index].phase = .working
        $0.workers[index].token = $0.lease.token
        $0.workers[index].claims += 1
        $0.workers[index].hasReported = false
      }
    case .working:
      step("\(name) gives up") { $0.workers[index].phase = .idle }
      if mistake == .checksBefore {
        guard passes(worker, state) else { return step("\(name) is refused") { $0.workers[index].phase = .idle } }
        step("\(name) checks its lease") { $0.workers[index].phase = .checked }
      } else {
        append(index, state, step)
      }
    case .checked: append(index, state, step)
    case .appended(let completing):
      step("\(name) commits") {
        $0.log.append($0.pending!)
        if let lease = $0.uncommitted { $0.lease = lease }
        ($0.pending, $0.uncommitted, $0.lockedBy) = (nil, nil, nil)
        $0.workers[index].phase = completing ? .idle : .working
      }
      step("\(name) aborts") {
        ($0.pending, $0.uncommitted, $0.lockedBy) = (nil, nil, nil)
        $0.workers[index].phase = .working
      }
    }
  }

  /// Whether the check of the lease lets a worker pass.
  private func passes(_ worker: Worker, _ state: State) -> Bool {
    let lease = state.lease
    guard lease.isHeld, !lease.isDone else { return false }
    return mistake == .withoutToken || lease.token == worker.token && (mistake == .afterItsTime || !lease.isOver)
  }

  /// Checks the lease, locks its row and appends: one statement.
  private func append(_ index: Int, _ state: State, _ step: (String, (inout State) -> Void) -> Void) {
    let worker = state.workers[index]
    // Waits for whoever has the row.
    guard state.lockedBy == nil else { return }
    guard mistake == .checksBefore || passes(worker, state) else {
      return step("worker \(index) is refused") { $0.workers[index].phase = .idle }
    }
    for completing in worker.hasReported ? [true] : [true, false] {
      step("worker \(index) appends \(completing ? "the outcome" : "progress")") {
        let isFresh = $0.lease.isHeld && !$0.lease.isOver && !$0.lease.isDone && $0.newest == worker.token
        $0.pending = Outcome(token: worker.token, completes: completing, isFresh: isFresh)
        $0.uncommitted = $0.lease.with(done: completing && mistake != .withoutDone)
        $0.lockedBy = index
        $0.workers[index].phase = .appended(completing: completing)
        if !completing { $0.workers[index].hasReported = true }
      }
    }
  }

  func violation(in state: State) -> String? {
    if state.log.count(where: \.completes) > 1 { return "the work was completed twice" }
    if let stale = state.log.first(where: { !$0.isFresh }) { return "a stale append with token \(stale.token) was accepted" }
    if zip(state.log, state.log.dropFirst()).contains(where: { $0.token > $1.token || $0.completes }) {
      return "after a newer token, or the outcome, came an older one: \(state.log.map(\.token))"
    }
    let holders = state.workers.filter { $0.phase != .idle && $0.token == state.lease.token && state.lease.isHeld }
    if holders.count > 1 { return "two workers have the token \(state.lease.token)" }
    return nil
  }

  /// When nobody can do anything more, the work is done, or everybody gave it up as often as they may.
  func violation(atEnd state: State) -> String? {
    let isDone = state.log.contains(where: \.completes)
    if isDone { return state.isWanted ? "the projection does not pass the outcome" : nil }
    return state.workers.allSatisfy { $0.claims == claims } ? nil : "the work is not done, and nobody can claim it"
  }
}

extension LeaseModel.Lease {
  fileprivate func with(done: Bool) -> Self {
    var lease = self
    lease.isDone = done
    return lease
  }
}
