internal import ArgumentParser
internal import PostgreSQL
internal import Values

struct Audit: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Proves that nothing in the log was changed.", subcommands: [Verify.self])

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Recomputes the chain of hashes and names the first event that does not fit.",
      discussion: guide(
        "Keep a position and its hash elsewhere: a log that does not contain it is another log.",
        example: "kedge audit verify\nkedge audit verify --from 1000 --to 2000 -o json", .answerIsNo))

    @Option(help: ArgumentHelp("First position.", valueName: "position")) var from: Int64?
    @Option(help: ArgumentHelp("Last position.", valueName: "position")) var to: Int64?
    @OptionGroup var common: CommonOptions

    func validate() throws {
      if let from, from < 1 { throw ValidationError("--from \(from): positions begin with 1") }
      if let to, to < from ?? 1 { throw ValidationError("--to \(to): there is nothing before --from \(from ?? 1)") }
    }

    func run() async throws {
      try await common.withDatabase { client in
        let head = try await client.query("select coalesce(max(last_position), 0) from kedge.log_seal").first?.decode(Int64.self, at: 0) ?? 0
        for (option, value) in [("--from", from), ("--to", to)] {
          if let value, value > head { throw Complaint(.badUsage, "\(option) \(value): the log ends at position \(head)") }
        }
        let row = try await client.query(
          """
          select verified, events, head_position, encode(head_hash, 'hex'), first_bad_position, reason from audit.verify(\(from ?? 1)::bigint, \(to)::bigint)
          """
        ).first
        guard let row else { throw Complaint(.failed, "audit.verify gave no answer; run `kedge migrate`") }
        let (verified, events, position, hash, bad, reason) = try row.decode(Bool.self, Int64.self, Int64?.self, String?.self, Int64?.self, String?.self)
        if verified {
          Renderer(format: common.output).document(
            [
              "verified": true, "events": .integer(events),
              "head": ["position": .integer(position ?? 0), "hash": JSON(hash)],
            ]
          ) { "verified: \(events) events, head at position \(position ?? 0), hash \(hash ?? "none yet")" }
          return
        }
        Renderer(format: common.output).document(
          ["verified": false, "first_bad_position": JSON(bad.map(Int.init)), "reason": JSON(reason), "events": .integer(events)]
        ) { "NOT verified: \(reason ?? ""), at position \(bad.map(String.init) ?? "?")" }
        throw Complaint(.answerIsNo, nil)
      }
    }
  }
}
