internal import ArgumentParser
internal import EventLog
internal import PostgreSQL
internal import Values

struct Audit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Proves that nothing in the log was changed.", subcommands: [Verify.self, Head.self, Key.self])

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Recomputes the chain of hashes and names the first event that does not fit.",
      discussion: guide(
        """
        With --against the log must also contain a head that was kept elsewhere: it was only added to since. With --offline the events come from files
        of `kedge export events` or `kedge archive`, and no database is asked.
        """,
        example: """
          kedge audit verify
          kedge audit verify --from 1000 --to 2000 -o json
          kedge audit verify --against /mnt/worm/kedge.head --public-key head.key.pub
          kedge audit verify --offline events.jsonl.gz --against kedge.head
          """, .answerIsNo))

    @Option(help: ArgumentHelp("First position.", valueName: "position")) var from: Int64?
    @Option(help: ArgumentHelp("Last position.", valueName: "position")) var to: Int64?
    @Option(help: ArgumentHelp("A head that the log must contain, from `kedge audit head`.", valueName: "file")) var against: String?
    @Option(help: ArgumentHelp("The key that must have signed it; else the one that it names.", valueName: "file")) var publicKey: String?
    @Option(help: ArgumentHelp("Exported events; repeated for files that go on where the one before ends.", valueName: "file")) var offline: [String] = []
    @OptionGroup var common: CommonOptions

    func validate() throws {
      if let from, from < 1 { throw ValidationError("--from \(from): positions begin with 1") }
      if let to, to < from ?? 1 { throw ValidationError("--to \(to): there is nothing before --from \(from ?? 1)") }
      if !offline.isEmpty, from != nil || to != nil { throw ValidationError("--offline: files are verified whole, without --from and --to") }
      if publicKey != nil, against == nil { throw ValidationError("--public-key verifies the signature of a head; name one with --against") }
    }

    func run() async throws {
      let head = try against.map { try HeadSettings.head($0) }
      let key = try publicKey.map { try HeadSettings.verifyingKey($0) }
      if let head, let problem = head.signatureProblem(expecting: key) {
        return try report(nil, head, ("invalid_signature", problem))
      }
      if offline.isEmpty {
        try await common.withDatabase { try await verify($0, head) }
      } else {
        let found = try ExportVerifier(offline).verify(against: head)
        let problem = head.flatMap { head in found.comparison?.problem(head, end: found.verification.head?.position ?? 0) }
        try report(found.verification, head, found.comparison.map { ($0.rawValue, problem) }, in: found.file)
      }
    }

    private func verify(_ client: PostgresClient, _ head: ChainHead?) async throws {
      let end = try await ChainHead.read(from: client).position
      for (option, value) in [("--from", from), ("--to", to)] {
        if let value, value > end { throw Complaint(.badUsage, "\(option) \(value): the log ends at position \(end)") }
      }
      let verifier = ChainVerifier(client)
      let verification = try await verifier.verifyInDatabase(from: from ?? 1, to: to)
      var verdict: ChainVerdict?
      if let head {
        let comparison = try await verifier.compare(with: head)
        verdict = (comparison.rawValue, comparison.problem(head, end: end))
      }
      try report(verification, head, verdict)
    }

    /// Says what was found; the answer is no when something does not fit.
    private func report(_ verification: Verification?, _ head: ChainHead?, _ verdict: ChainVerdict?, in file: String? = nil) throws {
      let broken = verification?.firstBad
      let problem = broken?.reason ?? verdict?.problem
      var document = JSON([
        ("verified", .bool(problem == nil)), ("first_bad_position", broken.map { .integer($0.position) }), ("reason", problem.map { .string($0) }),
        ("events", verification.map { JSON($0.events) }),
        ("head", problem == nil ? ["position": .integer(verification?.head?.position ?? 0), "hash": JSON(verification?.head?.hexadecimal)] : nil),
      ])
      if let file { document["file"] = .string(file) }
      if let head {
        document["against"] = [
          "position": .integer(head.position), "hash": .string(head.hexadecimal), "signed_by": JSON(head.publicKey?.description),
          "result": JSON(broken == nil ? verdict?.result : nil),
        ]
      }
      Renderer(format: common.output).document(document) {
        if let problem { return "NOT verified: \(problem)" + (broken.map { ", at position \($0.position)" } ?? "") + (file.map { ", in \($0)" } ?? "") }
        let end = verification?.head
        return "verified: \(verification?.events ?? 0) events, head at position \(end?.position ?? 0), hash \(end?.hexadecimal ?? "none yet")"
          + (head.map { "\nit extends the head at position \($0.position), \($0.signer)" } ?? "")
      }
      if problem != nil { throw Complaint(.answerIsNo, nil) }
    }
  }
}

/// What became of a head, and what is wrong with it.
private typealias ChainVerdict = (result: String, problem: String?)
