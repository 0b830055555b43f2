import Foundation
import TestSupport
import Testing

/// PgBouncer in transaction mode before a cluster's database.
struct PgBouncer {
  let url: String

  /// Of PostgreSQL's, for all who come.
  static let serverConnections = 20

  /// Runs `body` with one.
  static func with(_ cluster: Cluster, _ body: (PgBouncer) async throws -> Void) async throws {
    let program = try Cluster.binary("pgbouncer")
    let folder = cluster.directory + "/bouncer"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o777])
    try """
    [databases]
    kedge = host=\(cluster.host) dbname=kedge
    [pgbouncer]
    pool_mode = transaction
    auth_type = trust
    auth_file = \(folder)/users
    unix_socket_dir = \(folder)
    listen_addr =
    max_client_conn = 500
    default_pool_size = \(serverConnections)
    """.write(toFile: folder + "/pgbouncer.ini", atomically: true, encoding: .utf8)
    try "\"kedge_owner\" \"\"\n".write(toFile: folder + "/users", atomically: true, encoding: .utf8)
    // Ends with the thread that started it, and so with us.
    let process = Box<Process>()
    let hasEnded = Box<Bool>()
    Thread.detachNewThread {
      let command = Cluster.asServerUser(["setpriv", "--pdeathsig=KILL", "--", program, folder + "/pgbouncer.ini"])
      let bouncer = Program.process("/usr/bin/env", command, in: folder)
      bouncer.standardOutput = FileHandle.nullDevice
      bouncer.standardError = FileHandle.nullDevice
      do {
        try bouncer.run()
        process.value = bouncer
        bouncer.waitUntilExit()
      } catch {
        Issue.record(error)
      }
      hasEnded.value = true
    }
    func end() async throws {
      process.value?.terminate()
      _ = try await eventually(within: .seconds(60)) { hasEnded.value == true }
    }
    do {
      try #require(try await eventually(within: .seconds(60)) { access(folder + "/.s.PGSQL.6432", F_OK) == 0 || hasEnded.value == true })
      try await body(PgBouncer(url: "postgresql:///kedge?host=\(folder)&port=6432&user=kedge_owner"))
      try await end()
    } catch {
      try await end()
      throw error
    }
  }
}
