import Foundation
import Synchronization
import TestSupport

/// Stands between clients and a cluster, on a socket of its own, and cuts connections where it hurts most: when COMMIT is on its way.
///
/// It reads the protocol on both sides.
final class CuttingProxy: Sendable {
  /// Where the connection is cut.
  enum Cut: CaseIterable, Sendable {
    /// COMMIT has been sent on, nobody waits for the answer.
    case afterSending
    /// The server has answered, the client never hears of it.
    case afterAnswer
    /// COMMIT never comes to the server. To the client that looks just the same.
    case beforeSending
  }

  /// What commits.
  enum Commit: Sendable {
    /// `COMMIT`.
    case transaction
    /// A statement outside a transaction.
    case statement
  }

  private struct State {
    var cut: @Sendable (Commit) -> Cut? = { _ in nil }
    var counts: [Cut: Int] = [:]
    var isOver = false
  }

  let url: String
  private let server: String
  private let listener: Int32
  private let state = Mutex(State())

  struct Failure: Error { let what: String }

  /// Runs `body` with one before a cluster.
  static func with(_ cluster: Cluster, _ body: (CuttingProxy) async throws -> Void) async throws {
    let proxy = try CuttingProxy(cluster)
    defer { proxy.stop() }
    try await body(proxy)
  }

  private init(_ cluster: Cluster) throws {
    let folder = cluster.directory + "/proxy"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    server = cluster.host + "/.s.PGSQL.5432"
    url = "postgresql:///kedge?host=\(folder)&user=kedge_owner"
    listener = try CuttingProxy.socket(at: folder + "/.s.PGSQL.5432") { bind($0, $1, $2) }
    guard listen(listener, 128) == 0 else { throw Failure(what: "listen") }
    Thread.detachNewThread { [self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        Thread.detachNewThread { [self] in serve(client) }
      }
    }
  }

  /// From now on asks at each commit whether to cut.
  func cut(_ choose: @escaping @Sendable (Commit) -> Cut?) { state.withLock { $0.cut = choose } }

  /// How often it was cut there.
  func count(_ cut: Cut) -> Int { state.withLock { $0.counts[cut, default: 0] } }

  private func stop() {
    state.withLock { $0.isOver = true }
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  /// One connection, until it ends on either side or is cut.
  private func serve(_ client: Int32) {
    guard let server = try? CuttingProxy.socket(at: server, { connect($0, $1, $2) }) else {
      close(client)
      return
    }
    defer {
      close(client)
      close(server)
    }
    var (fromClient, fromServer) = (Messages(hasStarted: false), Messages(hasStarted: true))
    var isInTransaction = false
    var hasExecuted = false
    var silent = false
    while true {
      var descriptors = [pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0)]
      // Wakes now and then to see whether the test is over.
      guard poll(&descriptors, 2, 200) >= 0, !state.withLock({ $0.isOver }) else { return }
      if descriptors[1].revents != 0 {
        guard let messages = fromServer.read(server) else { return }
        for message in messages {
          // ReadyForQuery, and whether a transaction is open.
          if message.type == UInt8(ascii: "Z") {
            isInTransaction = message.bytes.last != UInt8(ascii: "I")
            hasExecuted = false
            if silent { return }
          }
          guard silent || CuttingProxy.send(message.bytes, to: client) else { return }
        }
      }
      if descriptors[0].revents != 0 {
        guard let messages = fromClient.read(client) else { return }
        for message in messages {
          if message.type == UInt8(ascii: "E") { hasExecuted = true }
          let isCommit = isInTransaction && message.type == UInt8(ascii: "Q") && message.text.hasPrefix("COMMIT")
          let endsStatement = !isInTransaction && message.type == UInt8(ascii: "S") && hasExecuted
          let cut = isCommit ? next(.transaction) : endsStatement ? next(.statement) : nil
          if cut == .beforeSending { return }
          guard CuttingProxy.send(message.bytes, to: server) else { return }
          if cut == .afterSending { return }
          if cut == .afterAnswer { silent = true }
        }
      }
    }
  }

  private func next(_ commit: Commit) -> Cut? {
    let choose = state.withLock { $0.cut }
    guard let cut = choose(commit) else { return nil }
    state.withLock { $0.counts[cut, default: 0] += 1 }
    return cut
  }

  private static func socket(at path: String, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32) throws -> Int32 {
    let descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(what: "socket") }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    guard result == 0 else {
      close(descriptor)
      throw Failure(what: path)
    }
    return descriptor
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Whole messages of the protocol from a stream of bytes.
  private struct Messages {
    /// A client's first packet has no type.
    var hasStarted: Bool
    private var rest: [UInt8] = []

    init(hasStarted: Bool) { self.hasStarted = hasStarted }

    struct Message {
      let type: UInt8
      let bytes: [UInt8]

      /// Of a simple query.
      var text: String { String(decoding: bytes.dropFirst(5).prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// What has come; nil at the end.
    mutating func read(_ descriptor: Int32) -> [Message]? {
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      rest += buffer[..<count]
      var messages: [Message] = []
      while true {
        let head = hasStarted ? 1 : 0
        guard rest.count >= head + 4 else { return messages }
        let length = rest[head..<head + 4].reduce(0) { $0 << 8 | Int($1) } + head
        guard rest.count >= length else { return messages }
        messages.append(Message(type: hasStarted ? rest[0] : 0, bytes: Array(rest[..<length])))
        rest.removeFirst(length)
        hasStarted = true
      }
    }
  }
}
