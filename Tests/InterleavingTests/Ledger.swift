/// What the sessions were told, and what must therefore be in the database.
struct Ledger: Sendable {
  /// What a step did, if its transaction commits.
  enum Effect: Sendable {
    case appended(Acknowledged)
    case lease(LeaseStep)
    /// Read these, and went on behind them.
    case followed([Followed])
  }

  /// An event as its writer was told of it.
  struct Acknowledged: Hashable, Sendable {
    let id: String
    let stream: String
    let version: Int64
  }

  /// A sealed event as a follower read it.
  struct Followed: Hashable, Sendable {
    let position: Int64
    let id: String
  }

  /// A change of a lease, in the order in which its row was locked: the number is drawn while the lock is held.
  struct LeaseStep: Sendable {
    enum Kind: Sendable { case claimed, used, completed, givenBack, ranOut }

    let number: Int64
    let work: String
    let token: Int64
    let kind: Kind
  }

  /// An event as it is found in the end.
  struct Found: Sendable {
    let acknowledged: Acknowledged
    let cause: String?
    let key: String?
    let positions: [Int64]
  }

  private(set) var acknowledged: Set<Acknowledged> = []
  private(set) var leaseSteps: [LeaseStep] = []

  /// Takes in what was committed, and returns what was followed.
  mutating func commit(_ effects: [Effect]) -> [Followed] {
    var followed: [Followed] = []
    for effect in effects {
      switch effect {
      // A set: an append that is sent again under its key is answered with the same events.
      case .appended(let event): acknowledged.insert(event)
      case .lease(let step): leaseSteps.append(step)
      case .followed(let events): followed += events
      }
    }
    return followed
  }

  /// What does not hold of the log.
  /// - Parameter start: the position before the interleaving.
  func violations(_ found: [Found], start: Int64) -> [String] {
    var violations: [String] = []
    let there = Set(found.map(\.acknowledged))
    for event in acknowledged.subtracting(there) { violations.append("missing: \(event.stream) version \(event.version) was committed and is not there") }
    for event in there.subtracting(acknowledged) { violations.append("\(event.stream) version \(event.version) is there, and nobody was told of it") }
    for event in found where event.positions.count != 1 {
      violations.append("\(event.acknowledged.stream) version \(event.acknowledged.version) has the positions \(event.positions), not one")
    }
    let positions = found.flatMap(\.positions).sorted()
    let gapless = (0..<Int64(positions.count)).map { start + 1 + $0 }
    if positions != gapless { violations.append("positions are \(positions), not gapless from \(start + 1)") }
    let ordered = found.filter { !$0.positions.isEmpty }.sorted { $0.positions[0] < $1.positions[0] }
    for (stream, events) in Dictionary(grouping: ordered, by: \.acknowledged.stream) {
      let versions = events.map(\.acknowledged.version)
      if versions != (0..<Int64(versions.count)).map({ $0 + 1 }) { violations.append("stream order: \(stream) is sealed as versions \(versions)") }
    }
    let places = Dictionary(ordered.map { ($0.acknowledged.id, $0.positions[0]) }) { first, _ in first }
    for event in ordered {
      guard let cause = event.cause else { continue }
      // A cause of an earlier interleaving was sealed before.
      if let place = places[cause], place >= event.positions[0] {
        violations.append("causal order: position \(event.positions[0]) was caused by position \(place)")
      }
    }
    let keys = found.compactMap { event in event.key.map { "\(event.acknowledged.stream) \($0)" } }
    if Set(keys).count != keys.count { violations.append("appended twice under one key: \(keys.sorted())") }
    return violations + leaseViolations
  }

  /// What does not hold of claims and completions.
  private var leaseViolations: [String] {
    struct Lease { var (live, last, done): (Int64?, Int64, Bool) = (nil, 0, false) }
    var leases: [String: Lease] = [:]
    var violations: [String] = []
    for step in leaseSteps.sorted(by: { $0.number < $1.number }) {
      var lease = leases[step.work, default: Lease()]
      let before = "token \(lease.live.map(String.init) ?? "none") live, \(lease.last) the newest\(lease.done ? ", done" : "")"
      switch step.kind {
      case .claimed:
        if lease.done || lease.live != nil || step.token <= lease.last { violations.append("claimed with token \(step.token): \(before)") }
        lease.live = step.token
        lease.last = step.token
      case .used, .completed:
        if lease.done || lease.live != step.token { violations.append("stale: an append with token \(step.token) was accepted: \(before)") }
        if step.kind == .completed { lease.done = true }
      case .givenBack:
        // Also when its time is up, as long as nobody else has it.
        if lease.done || lease.last != step.token { violations.append("given back with token \(step.token): \(before)") }
        lease.live = nil
      case .ranOut: lease.live = nil
      }
      leases[step.work] = lease
    }
    return violations
  }
}
