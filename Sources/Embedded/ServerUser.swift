internal import Glibc

/// The user that the server runs as: PostgreSQL refuses to run as root.
struct ServerUser: Hashable, Sendable {
  var name: String
  var uid: uid_t
  var gid: gid_t
  /// Whether we are root, and children have to become this user.
  var isAnother: Bool

  /// The owner of what is there already; else ourselves; else, for root, `postgres` or `nobody`.
  /// - Parameter data: the data directory, whether it exists or not.
  /// - Throws: `EmbeddedError.ownedByAnother`.
  static func choose(data: String) throws(EmbeddedError) -> ServerUser {
    let isRoot = geteuid() == 0
    var status = stat()
    if stat(data, &status) == 0 {
      let owner = ServerUser(uid: status.st_uid, gid: status.st_gid, isAnother: isRoot)
      guard status.st_uid != 0, isRoot || status.st_uid == geteuid() else { throw .ownedByAnother(path: data, owner: owner.name) }
      return owner
    }
    guard isRoot else { return ServerUser(uid: geteuid(), gid: getegid(), isAnother: false) }
    for name in ["postgres", "nobody"] {
      if let entry = getpwnam(name), entry.pointee.pw_uid != 0 {
        return ServerUser(name: name, uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid, isAnother: true)
      }
    }
    return ServerUser(name: "nobody", uid: 65_534, gid: 65_534, isAnother: true)
  }

  private init(name: String, uid: uid_t, gid: gid_t, isAnother: Bool) {
    self.name = name
    self.uid = uid
    self.gid = gid
    self.isAnother = isAnother
  }

  private init(uid: uid_t, gid: gid_t, isAnother: Bool) {
    let name = getpwuid(uid).map { String(cString: $0.pointee.pw_name) }
    self.init(name: name ?? "\(uid)", uid: uid, gid: gid, isAnother: isAnother)
  }

  /// The command line that runs `command` as this user, ended by `signal` when our thread that started it ends.
  func running(_ command: [String], endedBy signal: String) -> [String] {
    var arguments = ["setpriv"]
    if isAnother { arguments += ["--reuid=\(uid)", "--regid=\(gid)", "--clear-groups"] }
    return arguments + ["--pdeathsig=\(signal)", "--"] + command
  }
}
