internal import ArgumentParser
internal import EventLog
internal import Foundation
internal import PostgreSQL
internal import Values
internal import Workers

extension Audit {
  struct Head: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "head",
      abstract: "Takes the head of the chain out of the database, signed with a key.",
      discussion: guide(
        """
        Keep heads where whoever can change the database cannot: `kedge audit verify --against HEAD` then proves that the log was only added to.
        A file that holds a head already is replaced only if the log contains that head; else the answer is no.
        Projectors do the same by themselves when \(HeadSettings.destination) names a file or a URL (sent by PUT), signed with the key of
        \(HeadSettings.key), at once and then every \(HeadSettings.interval) (1h).
        """,
        example: "kedge audit head --key head.key --out /mnt/worm/kedge.head\nkedge audit head -o json", .answerIsNo))

    @Option(help: ArgumentHelp("Private key to sign with; else KEDGE_HEAD_KEY, else it is not signed.", valueName: "file")) var key: String?
    @Option(help: ArgumentHelp("Where to: a file or an http(s) URL; else it is only printed.", valueName: "place")) var out: String?
    @OptionGroup var common: CommonOptions

    func run() async throws {
      let key = try HeadSettings.signingKey(self.key)
      try await common.withDatabase { client in
        let head: ChainHead
        if let out {
          do {
            head = try await HeadExport(client, options: HeadExportOptions(destination: HeadDestination(out), key: key)).export()
          } catch let error as HeadExportError {
            if case .doesNotExtend = error { throw Complaint(.answerIsNo, "\(error)") }
            throw error
          }
        } else {
          let now = try await ChainHead.read(from: client)
          head = try key.map { try now.signed(by: $0) } ?? now
        }
        if out != nil, common.quiet, common.output == .table { return }
        Renderer(format: common.output).document(head.json) {
          out == nil ? head.json.text(.indented) : "exported: position \(head.position), hash \(head.hexadecimal), \(head.signer)"
        }
      }
    }
  }

  struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "key",
      abstract: "Makes an Ed25519 key that signs heads of the chain.",
      discussion: guide(
        "FILE holds the private key, which only you can read; FILE.pub the public one, for whoever verifies. openssl reads both.",
        example: "kedge audit key --out head.key", .conflict))

    @Option(help: ArgumentHelp("Where to; must not be there yet.", valueName: "file")) var out: String
    @OptionGroup var common: CommonOptions

    func run() throws {
      let key = SigningKey()
      try write(key.pem, to: out, rights: 0o600)
      try write(key.publicKey.pem, to: out + ".pub", rights: 0o644)
      Renderer(format: common.output).document(
        ["key": .string(out), "public_key": .string("\(key.publicKey)"), "public_key_file": .string(out + ".pub")]
      ) { common.quiet ? "" : "\(out) signs; \(out).pub verifies: \(key.publicKey)" }
    }

    private func write(_ text: String, to path: String, rights: mode_t) throws {
      let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, rights)
      guard file >= 0 else {
        let reason = errno
        if reason == EEXIST { throw Complaint(.conflict, "\(path): there is such a file already, and a key is never overwritten; name another") }
        throw Complaint(.badUsage, "\(path): cannot be written: \(String(cString: strerror(reason)))")
      }
      defer { close(file) }
      Terminal.write(text, to: file)
    }
  }
}

extension ChainHead {
  /// Who vouches for it, for people.
  var signer: String { publicKey.map { "signed by \($0)" } ?? "not signed" }
}
