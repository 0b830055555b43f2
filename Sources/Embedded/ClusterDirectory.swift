internal import Foundation
internal import Glibc

/// Where the parts of a private cluster lie.
///
/// | path | what |
/// |---|---|
/// | `DIR/postgresql.lock` | locked by the process that runs the cluster |
/// | `DIR/postgresql.log` | what the server says |
/// | `DIR/postgresql/` | belongs to the server's user, closed to others |
/// | `DIR/postgresql/data` | the data |
/// | `DIR/postgresql/unfinished` | data that is being made |
/// | `DIR/postgresql/run` | the socket, unless the path is too long for one or has characters that a URL's host cannot: then `/tmp/kedge-…` |
struct ClusterDirectory: Hashable, Sendable {
  /// Absolute, without symbolic links.
  var path: String

  /// - Parameter path: as the user wrote it; need not exist.
  init(_ path: String) {
    let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    self.path = ClusterDirectory.resolve(absolute)
  }

  var home: String { path + "/postgresql" }
  var data: String { home + "/data" }
  var unfinished: String { home + "/unfinished" }
  var log: String { path + "/postgresql.log" }
  var lock: String { path + "/postgresql.lock" }

  /// The socket's file name, for the port that every private cluster has.
  static let socketName = ".s.PGSQL.5432"

  /// Where the socket lies. The same path always gives the same place, so that every command finds it.
  var socketDirectory: String {
    if hasSocketInside { return home + "/run" }
    // FNV-1a, 64 bits: only has to tell directories apart; who owns the place is checked.
    let hash = path.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    return "/tmp/kedge-" + String(hash, radix: 16)
  }

  /// Whether the socket lies in the cluster's directory.
  var hasSocketInside: Bool {
    let inside = home + "/run"
    return inside.utf8.allSatisfy { $0.isPlain } && inside.utf8.count + 1 + ClusterDirectory.socketName.utf8.count <= 107
  }

  /// The URL of the cluster's database.
  var url: String { "postgresql:///kedge?host=\(socketDirectory)&user=kedge_owner" }

  /// The URL of the database that is there from the beginning.
  var maintenanceURL: String { "postgresql:///postgres?host=\(socketDirectory)&user=kedge_owner" }

  /// The major version that the data was made by; nil when there is none.
  var version: Int? {
    guard let text = try? String(contentsOfFile: data + "/PG_VERSION", encoding: .utf8) else { return nil }
    return Int(text.prefix { $0.isNumber })
  }

  /// The longest part of the path that exists, without symbolic links, and the rest as it stands.
  private static func resolve(_ path: String) -> String {
    var rest: [String] = []
    var head = Substring(path)
    while true {
      if let resolved = realpath(head.isEmpty ? "/" : String(head), nil) {
        defer { free(resolved) }
        let base = String(cString: resolved)
        return ([base == "/" ? "" : base] + rest.reversed()).joined(separator: "/")
      }
      guard let slash = head.lastIndex(of: "/") else { return path }
      let name = String(head[head.index(after: slash)...])
      if !name.isEmpty, name != "." { rest.append(name) }
      head = head[..<slash]
    }
  }
}

extension UInt8 {
  /// Letters, digits and what needs no quoting in a URL, a list of hosts or a setting.
  fileprivate var isPlain: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
    default: false
    }
  }
}
