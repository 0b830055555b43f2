import TestSupport

/// Which steps there are at a moment, and their SQL.
extension Interleaving {
  mutating func draw(for index: Int) -> Step {
    let participant = participants[index]
    let inSavepoint = participant.frames.count > 1
    // Each choice as often as its weight.
    var choices: [(Int, (inout Interleaving) -> Step)] = []
    func add(_ weight: Int, _ step: Step) { choices.append((weight, { _ in step })) }
    switch participant.transaction {
    case .failed:
      add(3, .abort)
      add(1, .commit)
      if inSavepoint { add(4, .rollBackTo) }
      return pick(choices)
    case .none:
      add(30, .begin)
      add(14, .seal)
      add(raisesFloor ? 25 : 2, .raiseFloor)
      choices.append((4, { .expire(Int.random(in: 0..<3, using: &$0.random)) }))
      if raises { add(4, .raiseEpoch) }
    case .open:
      add(4, .identify)
      choices.append((3, { .lockWork(Int.random(in: 0..<3, using: &$0.random)) }))
      choices.append((2, { .lockLease(Int.random(in: 0..<3, using: &$0.random)) }))
      if participant.frames.count < 3 { add(7, .savepoint) }
      if inSavepoint {
        add(8, .rollBackTo)
        add(2, .releaseSavepoint)
      }
      add(14, .commit)
      add(5, .abort)
      add(2, .seal)
      add(raisesFloor ? 8 : 1, .raiseFloor)
      add(raisesFloor ? 6 : 1, .prepare)
    }
    choices.append((26, { .append($0.drawAppend(for: index)) }))
    add(7, .read)
    add(7, .claim)
    if let claim = participant.claims.randomElement(using: &random) {
      add(1, .giveBack(claim))
      add(1, .heartbeat(claim))
    }
    return pick(choices)
  }

  private mutating func pick(_ choices: [(Int, (inout Interleaving) -> Step)]) -> Step {
    var left = Int.random(in: 0..<choices.reduce(0) { $0 + $1.0 }, using: &random)
    for (weight, step) in choices {
      if left < weight { return step(&self) }
      left -= weight
    }
    return .read
  }

  private mutating func drawAppend(for index: Int) -> Step.Appending {
    let participant = participants[index]
    var append = Step.Appending(streams: [Int.random(in: 0..<streams, using: &random)])
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<2:
      append.key = Int.random(in: 0..<3, using: &random)
      return append
    case 2..<5:
      if let claim = participant.claims.randomElement(using: &random) {
        append.lease = claim
        append.completing = Int.random(in: 0..<2, using: &random) == 0
      }
    case 5: append.expected = participant.versions[append.streams[0]] ?? 0
    default: break
    }
    // What the open transaction appended is visible to itself only: not when it has been prepared.
    let own = participant.frames.joined().compactMap { if case .appended(let event) = $0 { event.id } else { nil } }
    append.events = Int.random(in: 1...2, using: &random)
    if Int.random(in: 0..<4, using: &random) == 0 { append.streams.append(Int.random(in: 0..<streams, using: &random)) }
    if Int.random(in: 0..<3, using: &random) == 0 { append.cause = (participant.seen + own).randomElement(using: &random) }
    return append
  }

  func sql(for step: Step, _ index: Int) -> (text: String, parameters: [String?]) {
    let savepoint = "s\(participants[index].frames.count)"
    switch step {
    case .begin: return ("BEGIN", [])
    case .identify: return ("select pg_current_xact_id()", [])
    case .lockWork(let number): return ("select 1 from kedge.work where id = $1 for update", [work[number]])
    case .lockLease(let number): return ("select 1 from kedge.lease where work = $1 for update", [work[number]])
    case .savepoint: return ("SAVEPOINT \(savepoint)", [])
    case .rollBackTo: return ("ROLLBACK TO SAVEPOINT s\(participants[index].frames.count - 1)", [])
    case .releaseSavepoint: return ("RELEASE SAVEPOINT s\(participants[index].frames.count - 1)", [])
    case .commit: return ("COMMIT", [])
    case .abort: return ("ROLLBACK", [])
    case .prepare: return ("PREPARE TRANSACTION '\(identifier(index))'", [])
    case .seal: return ("select kedge.seal()", [])
    case .raiseEpoch: return ("DO $$ BEGIN PERFORM FROM kedge.log_lock FOR UPDATE; PERFORM kedge.raise_epoch(); END $$", [])
    case .raiseFloor: return ("select kedge.raise_floor(0)", [])
    case .read:
      return (
        "select o.position, e.id from kedge.log_order o join kedge.event e on e.number = o.event where o.position > $1 order by o.position limit 5",
        [String(participants[index].place(start: start))]
      )
    case .claim:
      return ("select c.id, c.token, nextval('lease_step') from kedge.claim('{interleave}', $1, '1 hour') c", ["session \(index)"])
    case .giveBack(let claim):
      return ("select r, nextval('lease_step') from kedge.release($1, $2) r offset 0", [claim.work, String(claim.token)])
    case .heartbeat(let claim):
      return ("select h, nextval('lease_step') from kedge.heartbeat($1, $2, '1 hour') h offset 0", [claim.work, String(claim.token)])
    case .expire(let number):
      return (
        """
        update kedge.lease set expires_at = clock_timestamp() - interval '1 s', available_at = clock_timestamp() - interval '1 s'
        where work = $1 and holder is not null and not done returning nextval('lease_step')
        """, [work[number]]
      )
    case .append(let append): return sql(for: append)
    }
  }

  func streamName(_ number: Int) -> String { "\(name)/\(number)" }

  private func sql(for append: Step.Appending) -> (text: String, parameters: [String?]) {
    let key = append.key.map { #", "idempotency_key": "k\#($0)""# } ?? ""
    // Under one key always the same content.
    let events = "[" + Array(repeating: #"{"type": "note_added"\#(key)}"#, count: append.events).joined(separator: ", ") + "]"
    let expected = append.expected ?? -1
    if append.streams.count == 1, append.lease == nil {
      return (
        "select a.id, $1, a.version, nextval('lease_step') from kedge.append($1, $2::int8, $3::jsonb, 'interleaving', null, $4::uuid) a",
        [streamName(append.streams[0]), String(expected), events, append.cause]
      )
    }
    let appends = append.streams.enumerated().map {
      #"{"stream": "\#(streamName($1))", "expected": \#($0 == 0 ? expected : -1), "events": \#(events)}"#
    }
    let lease = append.lease.map { #", "lease": {"work": "\#($0.work)", "token": \#($0.token), "complete": \#(append.completing)}"# } ?? ""
    let cause = append.cause.map { #", "causation_id": "\#($0)""# } ?? ""
    return (
      "select a.id, a.stream, a.version, nextval('lease_step') from kedge.append($1::jsonb) a",
      [#"{"appends": [\#(appends.joined(separator: ", "))], "actor": "interleaving"\#(lease)\#(cause)}"#]
    )
  }

  // MARK: What became of a step

  mutating func finish(_ index: Int, _ result: Session.Result) {
    let step = participants[index].pending!
    participants[index].pending = nil
    participants[index].isWaiting = false
    switch result {
    case .failure(let state, let message):
      report.trace.append("\(index) \(step): \(state)")
      if state == "40P01" { report.deadlocks += 1 }
      if !isLegal(state, step) { report.violations.append("\(step) failed: \(message)") }
      if step == .prepare { endTransaction(index, with: nil) } else if participants[index].transaction == .open { participants[index].transaction = .failed }
    case .rows(let rows, let tag):
      report.trace.append("\(index) \(step)\(summary(step, rows, tag))")
      take(step, index, rows, tag)
    }
  }

  /// Failures that belong to the rules.
  private func isLegal(_ state: String, _ step: Step) -> Bool {
    switch (state, step) {
    case ("40P01", _): true
    case ("KE001", .append(let append)): append.expected != nil
    case ("KE003", .append(let append)): append.lease != nil
    case ("KE003", .heartbeat): true
    // A raise gives way after two seconds.
    case ("55P03", .raiseEpoch): true
    default: false
    }
  }

  private func summary(_ step: Step, _ rows: [[String?]], _ tag: String) -> String {
    switch step {
    case .append: ": versions \(rows.map { $0[2] ?? "" }.joined(separator: " "))"
    case .seal: ": \(rows.first?[0] ?? "") events"
    case .raiseFloor: rows.first?[0] == "t" ? ": done" : ""
    case .read: ": positions \(rows.map { String((Int64($0[0] ?? "") ?? 0) - start) }.joined(separator: " "))"
    case .claim: rows.first.map { ": work \(work.firstIndex(of: $0[0] ?? "") ?? -1), token \($0[1] ?? "")" } ?? ": nothing"
    case .commit: tag == "COMMIT" ? "" : ": \(tag)"
    default: ""
    }
  }

  private mutating func take(_ step: Step, _ index: Int, _ rows: [[String?]], _ tag: String) {
    func number(_ text: String?) -> Int64 { Int64(text ?? "") ?? 0 }
    switch step {
    case .begin:
      participants[index].transaction = .open
      participants[index].frames = [[]]
    case .savepoint: participants[index].frames.append([])
    case .rollBackTo:
      participants[index].transaction = .open
      participants[index].frames[participants[index].frames.count - 1] = []
    case .releaseSavepoint:
      let released = participants[index].frames.removeLast()
      participants[index].frames[participants[index].frames.count - 1] += released
    case .commit:
      let open = participants[index].transaction == .open
      if (tag == "COMMIT") != open { report.violations.append("a transaction that \(open ? "was open" : "had failed") ended with \(tag)") }
      endTransaction(index, with: tag == "COMMIT" ? participants[index].frames.flatMap(\.self) : nil)
    case .abort: endTransaction(index, with: nil)
    case .prepare:
      prepared.append((identifier(index), participants[index].frames.flatMap(\.self)))
      endTransaction(index, with: nil)
    case .read:
      participants[index].seen += rows.compactMap(\.[1])
      if !rows.isEmpty { note([.followed(rows.map { Ledger.Followed(position: number($0[0]), id: $0[1] ?? "") })], index) }
    case .claim:
      for row in rows {
        let claim = Step.Claim(work: row[0] ?? "", token: number(row[1]))
        participants[index].claims.append(claim)
        note([.lease(Ledger.LeaseStep(number: number(row[2]), work: claim.work, token: claim.token, kind: .claimed))], index)
      }
    case .giveBack(let claim):
      guard rows.first?[0] == "t" else { return }
      note([.lease(Ledger.LeaseStep(number: number(rows[0][1]), work: claim.work, token: claim.token, kind: .givenBack))], index)
    case .heartbeat(let claim):
      note([.lease(Ledger.LeaseStep(number: number(rows[0][1]), work: claim.work, token: claim.token, kind: .used))], index)
    case .expire(let at):
      guard let row = rows.first else { return }
      note([.lease(Ledger.LeaseStep(number: number(row[0]), work: work[at], token: 0, kind: .ranOut))], index)
    case .append(let append):
      for row in rows {
        let event = Ledger.Acknowledged(id: row[0] ?? "", stream: row[1] ?? "", version: number(row[2]))
        if let stream = (0..<streams).first(where: { streamName($0) == event.stream }) { participants[index].versions[stream] = event.version }
        note([.appended(event)], index)
      }
      if let lease = append.lease {
        note(
          [
            .lease(Ledger.LeaseStep(number: number(rows.first?[3]), work: lease.work, token: lease.token, kind: append.completing ? .completed : .used))
          ], index)
      }
    case .identify, .lockWork, .lockLease, .seal, .raiseEpoch, .raiseFloor: break
    }
  }

  /// Part of the open transaction, or committed at once.
  private mutating func note(_ effects: [Ledger.Effect], _ index: Int) {
    if participants[index].transaction == .none {
      remember(effects, index)
    } else {
      participants[index].frames[participants[index].frames.count - 1] += effects
    }
  }

  private mutating func endTransaction(_ index: Int, with effects: [Ledger.Effect]?) {
    if let effects { remember(effects, index) }
    participants[index].transaction = .none
    participants[index].frames = []
  }

  private mutating func remember(_ committed: [Ledger.Effect], _ index: Int) {
    participants[index].followed += ledger.commit(committed)
    for case .appended(let event) in committed { participants[index].seen.append(event.id) }
  }
}
