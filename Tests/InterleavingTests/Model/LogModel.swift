/// Append and seal, as LOG.md says them, for a few transactions: every order in which their steps can happen.
///
/// What it assumes of PostgreSQL:
/// - A transaction draws its id at its first write or earlier; ids grow. A snapshot is `latest ended id + 1` and the ids below it that have
///   not ended; it sees a transaction if that has committed, its id is below, and not among those. Committing is one moment, at which the
///   transaction becomes visible and gives up its locks.
/// - A row lock has one holder until its transaction ends; others wait. What a statement of READ COMMITTED reads after it waited includes
///   what the holder committed.
/// - Insert numbers grow in the order in which they are drawn, and are drawn while the lock of the stream is held.
///
/// What it leaves out: aborts before the last append (who aborts later has blocked more), savepoints (what they undo is as if it had never been, and their rows carry the id of the whole), epochs, the probe
/// without a lock (it only decides whether to begin), and crashes of the server (to the log they are aborts).
struct LogModel: Model {
  /// What a writer does in its one transaction: a stream for each event; then it commits or aborts. It may stop for ever at any step.
  struct Writer: Hashable {
    var streams: [Int]
    /// Draws its id before it locks anything, at any moment.
    var drawsIDEarly = false
  }

  /// Ways to be wrong.
  enum Mistake: CaseIterable {
    /// Seals what is below the oldest open transaction, in the order of ids.
    case belowOldestOpen
    /// Seals what has a higher number than all that is sealed.
    case highestNumber
    /// Looks for events before it has the lock of the order.
    case looksBeforeLocking
    /// Has the lock, and goes on from the seal that it saw before.
    case staleState
    /// Does not count its own transaction among the open ones.
    case forgetsItself
    /// Does not look again at what was open at the seal before.
    case forgetsOpen
    /// Takes the snapshot in one statement, and the rows in the next.
    case rowsLater
    /// Appends without the lock of the stream.
    case appendsWithoutLock
  }

  var writers: [Writer]
  /// Transactions that seal, each once.
  var sealers: Int
  /// Whether a sealer may append to stream 0 afterwards in its transaction.
  var sealersAppend = false
  var mistake: Mistake?

  struct Event: Hashable {
    let stream: Int
    let version: Int
    let transaction: Int
    /// What was visible to its writer, as bits of numbers: its possible causes.
    let seen: Int
  }

  struct Snapshot: Hashable {
    var end = 0
    /// Ids below the end that had not ended, as bits.
    var open = 0

    func sees(_ id: Int) -> Bool { id < end && open & (1 << id) == 0 }
  }

  struct Transaction: Hashable {
    enum Outcome: Hashable { case open, committed, aborted }
    var id: Int?
    /// Steps that it has taken.
    var at = 0
    var outcome = Outcome.open
    /// Of a sealer: what it found.
    var found: [Int] = []
    var state = Seal()
    var snapshot = Snapshot()
  }

  /// The state of the order: what was sealed, and by which snapshot.
  struct Seal: Hashable {
    var order: [Int] = []
    var snapshot = Snapshot()
  }

  struct State: Hashable {
    /// The writers', then the sealers'.
    var transactions: [Transaction]
    var nextID = 0
    var lastEnded = -1
    /// By number.
    var events: [Event] = []
    /// Who holds the lock of each stream, and of the order.
    var locks: [Int?] = [nil, nil, nil]
    var seal = Seal()

    mutating func drawID(_ index: Int) {
      guard transactions[index].id == nil else { return }
      transactions[index].id = nextID
      nextID += 1
    }

    /// As a transaction sees it: it does not list the one that asks.
    func snapshot(of index: Int) -> Snapshot {
      var snapshot = Snapshot(end: lastEnded + 1)
      for (other, transaction) in transactions.enumerated() where other != index && transaction.outcome == .open {
        if let id = transaction.id, id < snapshot.end { snapshot.open |= 1 << id }
      }
      return snapshot
    }

    /// Of what differs most, because every step is looked up.
    func hash(into hasher: inout Hasher) {
      var sum = lastEnded
      for transaction in transactions { sum = sum &* 31 &+ transaction.at &* 4 &+ (transaction.id ?? 7) &* 64 &+ (transaction.outcome == .open ? 1 : 2) }
      for event in events { sum = sum &* 37 &+ event.transaction &+ event.seen &* 8 }
      for number in seal.order { sum = sum &* 41 &+ number }
      hasher.combine(sum)
    }

    func isVisible(_ event: Event, to index: Int) -> Bool { event.transaction == index || transactions[event.transaction].outcome == .committed }

    /// The numbers of what is visible, as bits.
    func visible(to index: Int) -> Int { events.indices.reduce(0) { isVisible(events[$1], to: index) ? $0 | 1 << $1 : $0 } }

    mutating func end(_ index: Int, _ outcome: Transaction.Outcome) {
      transactions[index].outcome = outcome
      if let id = transactions[index].id { lastEnded = max(lastEnded, id) }
      locks = locks.map { $0 == index ? nil : $0 }
      // The rest matters no longer: fewer states.
      transactions[index] = Transaction(id: transactions[index].id, outcome: outcome)
    }
  }

  /// Streams are 0 and 1.
  private static let order = 2

  var initial: State { State(transactions: Array(repeating: Transaction(), count: writers.count + sealers)) }

  func steps(from state: State) -> [(name: String, next: State)] {
    var steps: [(String, State)] = []
    for index in state.transactions.indices where state.transactions[index].outcome == .open {
      if index < writers.count {
        addSteps(ofWriter: index, state, &steps)
      } else {
        addSteps(ofSealer: index, state, &steps)
      }
    }
    return steps
  }

  private func addSteps(ofWriter index: Int, _ state: State, _ steps: inout [(String, State)]) {
    let (writer, at) = (writers[index], state.transactions[index].at)
    if writer.drawsIDEarly, state.transactions[index].id == nil {
      var next = state
      next.drawID(index)
      steps.append(("writer \(index) draws its id", next))
    }
    if at < writer.streams.count {
      let stream = writer.streams[at]
      if mistake == .appendsWithoutLock || state.locks[stream] ?? index == index {
        var next = state
        append(to: stream, index, &next)
        next.transactions[index].at += 1
        steps.append(("writer \(index) appends to stream \(stream)", next))
      }
    } else {
      for outcome in [Transaction.Outcome.committed, .aborted] {
        var next = state
        next.end(index, outcome)
        steps.append(("writer \(index) \(outcome == .committed ? "commits" : "aborts")", next))
      }
    }
  }

  private func append(to stream: Int, _ index: Int, _ state: inout State) {
    state.drawID(index)
    state.locks[stream] = index
    let version = 1 + state.events.count { $0.stream == stream && state.isVisible($0, to: index) }
    state.events.append(Event(stream: stream, version: version, transaction: index, seen: state.visible(to: index)))
  }

  /// What a sealer does, statement by statement.
  private enum Action { case lock, lockAndSee, see, seeAndLook, look, takeSnapshot, readRows }

  private var actions: [Action] {
    switch mistake {
    case .looksBeforeLocking: [.seeAndLook, .lock]
    case .staleState: [.see, .lock, .look]
    case .rowsLater: [.lockAndSee, .takeSnapshot, .readRows]
    default: [.lockAndSee, .look]
    }
  }

  private func addSteps(ofSealer index: Int, _ state: State, _ steps: inout [(String, State)]) {
    let at = state.transactions[index].at
    let name = "sealer \(index - writers.count)"
    func step(_ what: String, _ change: (inout State) -> Void) {
      var next = state
      next.transactions[index].at += 1
      change(&next)
      steps.append(("\(name) \(what)", next))
    }
    if at < actions.count {
      switch actions[at] {
      case .lock, .lockAndSee:
        guard state.locks[Self.order] == nil else { return }
        step("takes the lock") {
          $0.drawID(index)
          $0.locks[Self.order] = index
          if actions[at] == .lockAndSee { $0.transactions[index].state = $0.seal }
        }
      case .see: step("sees the newest seal") { $0.transactions[index].state = $0.seal }
      case .seeAndLook:
        step("looks") {
          $0.transactions[index].state = $0.seal
          find(index, &$0)
        }
      case .look: step("looks") { find(index, &$0) }
      case .takeSnapshot: step("takes the snapshot") { $0.transactions[index].snapshot = $0.snapshot(of: index) }
      case .readRows:
        step("reads the rows") {
          let snapshot = $0.transactions[index].snapshot
          find(index, &$0)
          $0.transactions[index].snapshot = snapshot
        }
      }
      return
    }
    if sealersAppend, at == actions.count, state.locks[0] == nil { step("appends to stream 0") { append(to: 0, index, &$0) } }
    step("commits") {
      let transaction = $0.transactions[index]
      if !transaction.found.isEmpty {
        $0.seal.order += transaction.found
        $0.seal.snapshot = transaction.snapshot
        if mistake != .forgetsItself, let id = transaction.id, id < transaction.snapshot.end { $0.seal.snapshot.open |= 1 << id }
      }
      $0.end(index, .committed)
    }
    step("aborts") { $0.end(index, .aborted) }
  }

  /// What became visible between the snapshot of the last seal and now, by number.
  private func find(_ index: Int, _ state: inout State) {
    let (now, before) = (state.snapshot(of: index), state.transactions[index].state)
    func isVisible(_ event: Event) -> Bool { state.transactions[event.transaction].outcome == .committed }
    func id(_ event: Event) -> Int { state.transactions[event.transaction].id! }
    let numbers = state.events.indices
    let found: [Int]
    switch mistake {
    case .belowOldestOpen:
      let oldest = state.transactions.compactMap { $0.outcome == .open ? $0.id : nil }.min() ?? state.nextID
      found = numbers.filter { isVisible(state.events[$0]) && id(state.events[$0]) < oldest && !before.order.contains($0) }
        .sorted { (id(state.events[$0]), $0) < (id(state.events[$1]), $1) }
    case .highestNumber:
      found = numbers.filter { isVisible(state.events[$0]) && $0 > before.order.max() ?? -1 }
    default:
      let own = state.transactions[index].id
      found = numbers.filter {
        let (event, id) = (state.events[$0], id(state.events[$0]))
        // Its own events are left to the next seal.
        guard id != own, isVisible(event), mistake == .rowsLater || now.sees(id) else { return false }
        let wasOpen = before.snapshot.open & (1 << id) != 0
        return id >= before.snapshot.end || wasOpen && mistake != .forgetsOpen
      }
    }
    state.transactions[index].found = found
    state.transactions[index].snapshot = now
  }

  func violation(in state: State) -> String? {
    var sealed = 0
    for number in state.seal.order {
      let event = state.events[number]
      guard state.transactions[event.transaction].outcome == .committed else { return "event \(number) is sealed and was not committed" }
      guard sealed & (1 << number) == 0 else { return "event \(number) is sealed twice" }
      // What its writer saw, its stream's predecessor among it, comes first; what never was, and only its own transaction saw, cannot.
      guard event.seen & ~sealed == 0 else { return "event \(number) is sealed before one that its writer had seen" }
      sealed |= 1 << number
    }
    for stream in Set(state.events.map(\.stream)) {
      let versions = state.seal.order.map { state.events[$0] }.filter { $0.stream == stream }.map(\.version)
      guard versions == Array(1..<(versions.count + 1)) else { return "stream \(stream) is sealed as versions \(versions)" }
    }
    return nil
  }

  /// One more seal finds all that is left.
  func violation(atEnd state: State) -> String? {
    var last = state
    last.transactions.append(Transaction())
    let index = last.transactions.count - 1
    last.transactions[index].state = last.seal
    last.drawID(index)
    find(index, &last)
    last.seal.order += last.transactions[index].found
    if let violation = violation(in: last) { return violation }
    let missing = last.events.indices.filter { last.transactions[last.events[$0].transaction].outcome == .committed && !last.seal.order.contains($0) }
    return missing.isEmpty ? nil : "events \(missing) are never sealed"
  }
}
