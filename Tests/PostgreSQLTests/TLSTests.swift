import Embedded
import Foundation
import Glibc
import Logging
import PostgreSQL
import Testing

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
private let openssl = "/usr/bin/openssl"

/// A port of the loopback interface that was free a moment ago.
private func freePort() throws -> UInt16 {
  let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(socket) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let isBound = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0 }
  }
  try #require(isBound)
  return UInt16(bigEndian: address.sin_port)
}

struct TLSTests {
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl)))
  func `over TLS everything works as without, and what the URL says of certificates counts`() async throws {
    let directory = "/tmp/kedge-secure-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let status = try await run(
      openssl,
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost", "-keyout", directory + "/key.pem", "-out", directory + "/certificate.pem",
      ])
    try #require(status == 0)
    var options = EmbeddedOptions()
    let port = try freePort()
    options.settings = [
      "fsync": "off", "listen_addresses": "127.0.0.1", "port": "\(port)", "ssl": "on", "ssl_cert_file": directory + "/certificate.pem",
      "ssl_key_file": directory + "/key.pem",
    ]
    // The key has to belong to the server's user, whom the cluster's directory tells.
    let cluster = directory + "/cluster"
    try await EmbeddedCluster.start(directory: cluster, logger: quiet).stop()
    let owner = try FileManager.default.attributesOfItem(atPath: cluster + "/postgresql").filter { $0.key == .ownerAccountID }
    try FileManager.default.setAttributes(owner.merging([.posixPermissions: 0o600]) { $1 }, ofItemAtPath: directory + "/key.pem")
    // `start` itself connects by the socket of the port that all private clusters have, which this one has not: by a link.
    try FileManager.default.createSymbolicLink(atPath: cluster + "/postgresql/run/.s.PGSQL.5432", withDestinationPath: ".s.PGSQL.\(port)")
    let running = try await EmbeddedCluster.start(directory: cluster, options: options, logger: quiet)
    let url = "postgresql://kedge_owner@localhost:\(port)/kedge?hostaddr=127.0.0.1"
    let client = PostgresClient(url + "&sslmode=verify-full&sslrootcert=\(directory)/certificate.pem", logger: quiet)
    #expect(try await client.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()", as: Bool.self) == [true])
    let bytes = [UInt8](repeating: 7, count: 5_000_000) + [1, 2, 3]
    #expect(try await client.query("select \(bytes)", as: [UInt8].self) == [bytes])
    let answers = try await client.pipeline((0..<200).map { "select \($0), repeat('x', 20000), \(String(repeating: "y", count: 20_000))::text" })
    #expect(try answers.map { try $0[0].decode(Int.self) } == Array(0..<200))
    var lines = 0
    try await client.withConnection { connection in
      for try await piece in connection.copyOut("copy (select generate_series(1, 200000)) to stdout") { lines += piece.count { $0 == 0x0a } }
    }
    #expect(lines == 200_000)
    await client.close()
    // Without the root certificate the server is not believed.
    var impatient = PostgresOptions()
    impatient.waitForServer = .zero
    let doubting = PostgresClient(url + "&sslmode=verify-full&sslrootcert=/nonexistent", options: impatient, logger: quiet)
    await #expect { try await doubting.query("select 1") } throws: { ($0 as? ConnectionLost)?.reason.contains("/nonexistent") == true }
    await doubting.close()
    await running.stop()
  }
}
