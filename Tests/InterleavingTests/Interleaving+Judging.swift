/// Looks at what came of it.
extension Interleaving {
  /// Seals what is left, and compares the log with what the sessions were told.
  /// - Parameter number: the insert number of the last event before the interleaving.
  mutating func judge(afterNumber number: Int64) throws {
    while let sealed = try lane.control.run("select kedge.seal()").first?[0], sealed != "0" {}
    let rows = try lane.control.run(
      """
      select e.id, e.stream, e.version, e.causation_id, e.idempotency_key,
        array_to_string(array(select o.position from kedge.log_order o where o.event = e.number), ' ')
      from kedge.event e where e.number > $1 order by e.number
      """, [String(number)])
    func integer(_ text: some StringProtocol) -> Int64 { Int64(text) ?? 0 }
    let found = rows.map { row in
      Ledger.Found(
        acknowledged: Ledger.Acknowledged(id: row[0] ?? "", stream: row[1] ?? "", version: integer(row[2] ?? "")), cause: row[3], key: row[4],
        positions: (row[5] ?? "").split(separator: " ").map { integer($0) })
    }
    report.events = found.count
    report.violations += ledger.violations(found, start: start)

    let order = try lane.control.run(
      "select o.position, e.id from kedge.log_order o left join kedge.event e on e.number = o.event where o.position > $1 order by o.position",
      [String(start)]
    ).map { Ledger.Followed(position: integer($0[0] ?? ""), id: $0[1] ?? "") }
    if order.count != found.count { report.violations.append("\(order.count) positions were given to \(found.count) events") }
    for (index, participant) in participants.enumerated() where participant.followed != Array(order.prefix(participant.followed.count)) {
      report.violations.append(
        "session \(index) has followed positions \(participant.followed.map { $0.position - start }), which are not the beginning of the order, or not its events"
      )
    }

    let verdict = try lane.control.run("select verified, reason from audit.verify($1)", [String(start + 1)])[0]
    if verdict[0] != "t" { report.violations.append("the chain does not verify: \(verdict[1] ?? "")") }
  }
}
