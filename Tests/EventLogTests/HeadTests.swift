import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Heads` {
  @Test func `a signed head holds with its key and no other, and not when a character of it was changed`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(1), .note(2))
      try await database.seal()
      let key = SigningKey()
      let head = try await ChainHead.read(from: database.client).signed(by: key)
      let text = head.json.text(.indented)
      #expect(try ChainHead(JSON(parsing: text)) == head)
      #expect(head.position == 2 && head.signatureProblem() == nil && head.signatureProblem(expecting: key.publicKey) == nil)
      #expect(head.signatureProblem(expecting: SigningKey().publicKey)?.contains("another key") == true)
      for (from, to) in [("\"position\": 2", "\"position\": 1"), ("\"epoch\": 1", "\"epoch\": 2"), (head.hexadecimal, String(head.hexadecimal.reversed()))] {
        let changed = try ChainHead(JSON(parsing: text.replacing(from, with: to)))
        #expect(changed.signatureProblem()?.contains("invalid") == true, "\(from)")
      }
      let unsigned = try await ChainHead.read(from: database.client)
      #expect(unsigned.signatureProblem() == nil)
      #expect(unsigned.signatureProblem(expecting: key.publicKey) == "the head is not signed")
      #expect(throws: ChainHeadError.self) { try ChainHead(JSON(parsing: text.replacing("kedge-head-1", with: "kedge-head-2"))) }
    }
  }

  @Test func `keys and signatures are those of openssl`() async throws {
    let folder = try Files()
    defer { folder.remove() }
    // Theirs, taken by us.
    try await openssl("genpkey", "-algorithm", "ed25519", "-out", folder["their.key"])
    try await openssl("pkey", "-in", folder["their.key"], "-pubout", "-out", folder["their.pub"])
    let theirs = try SigningKey(pem: folder.text("their.key"))
    #expect(try VerifyingKey(pem: folder.text("their.pub")) == theirs.publicKey)
    #expect(try theirs.pem == folder.text("their.key"))
    // Ours, taken by them.
    try await withTestDatabase { database in
      let head = try await ChainHead.read(from: database.client).signed(by: theirs)
      let signature = try #require(Data(base64Encoded: head.json["signature"]?.string ?? ""))
      try signature.write(to: URL(fileURLWithPath: folder["signature"]))
      try folder.write("text", head.signedText)
      try folder.write("our.pub", theirs.publicKey.pem)
      try await openssl("pkeyutl", "-verify", "-pubin", "-inkey", folder["our.pub"], "-rawin", "-in", folder["text"], "-sigfile", folder["signature"])
    }
    #expect(throws: KeyError.self) { try SigningKey(pem: folder.text("their.pub")) }
    #expect(throws: KeyError.self) { try VerifyingKey(pem: "nothing") }
  }

  @Test func `a log that grew extends its head, one that was cut off is shorter, one that was written anew differs`() async throws {
    try await withTestDatabase { database in
      let verifier = ChainVerifier(database.client)
      let beginning = try await ChainHead.read(from: database.client)
      #expect(beginning.position == 0)
      for number in 1...4 { try await database.append("note/a", .note(number)) }
      try await database.seal()
      let head = try await ChainHead.read(from: database.client)
      #expect(try await verifier.compare(with: head) == .extends)
      try await database.append("note/a", .note(5))
      try await database.seal()
      #expect(try await verifier.compare(with: head) == .extends)
      #expect(try await verifier.compare(with: beginning) == .extends)
      let later = try await ChainHead.read(from: database.client)
      // Whoever can disable triggers can write another chain that is right in itself; the head that was kept elsewhere tells.
      let rewrite = """
        DELETE FROM kedge.log_order; DELETE FROM kedge.log_seal; DELETE FROM kedge.log_epoch;
        UPDATE kedge.event SET actor = 'mallory' WHERE version = 3;
        """
      try await database.tamper(rewrite + "DELETE FROM kedge.event WHERE version = 5;")
      try await database.seal()
      #expect(try await verifier.verify().isVerified)
      #expect(try await verifier.compare(with: head) == .differs)
      #expect(try await verifier.compare(with: later) == .shorter)
      #expect(try await verifier.problem(with: later) == "the log is shorter than the head: it ends at position 4, and position 5 was there")
    }
  }

  private func openssl(_ arguments: String...) async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    #expect(try await eventually(within: .seconds(60)) { !process.isRunning })
    #expect(process.terminationStatus == 0, "openssl \(arguments.joined(separator: " ")): \(String(decoding: said, as: UTF8.self))")
  }
}

/// A directory of one test.
struct Files {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "kedge-log-" + UUID().uuidString.lowercased()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  subscript(name: String) -> String { path + "/" + name }
  func text(_ name: String) throws -> String { try String(contentsOfFile: self[name], encoding: .utf8) }
  func bytes(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: self[name]))) }
  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }
  func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: self[name])) }
  func list() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
