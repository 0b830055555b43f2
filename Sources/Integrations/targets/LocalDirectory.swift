internal import Glibc
internal import SystemPackage
internal import Values

/// The files of a `LocalTarget`. Everything here blocks.
package struct LocalDirectory: Sendable {
  package let path: String
  private let lockTimeout: Duration
  private let reached: @Sendable (Step) -> Void

  /// The instants between which a process may die.
  package enum Step: String, Sendable, CaseIterable {
    case copied, placed, locked, tokenKept, trafficPrepared, trafficReplaced, linkPrepared, linkReplaced, confirmed
  }

  /// - Parameter reached: is told each step; tests kill the process there.
  package init(path: String, lockTimeout: Duration, reached: @escaping @Sendable (Step) -> Void = { _ in }) {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = String(path)
    self.lockTimeout = lockTimeout
    self.reached = reached
  }

  /// What deployers remember: the highest token, and the last plan that a server confirmed.
  private struct Memory {
    var token: Int64
    var confirmed: TrafficPlan?
  }

  // MARK: Versions

  func place(_ artifact: ModelArtifact, _ cancellation: Cancellation) throws -> PlacedVersion {
    let folder = "\(path)/versions/\(try LocalDirectory.folder(of: artifact.version))"
    let name = artifact.fileName
    guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), !name.utf8.contains(0) else {
      throw TargetFailure.invalid("\"\(name)\" cannot be the name of an artifact's file")
    }
    let placed = PlacedVersion(version: artifact.version, path: "\(folder)/\(name)", sha256: artifact.sha256)
    if try LocalDirectory.digest(of: placed.path, cancellation)?.sha256 == artifact.sha256 { return placed }
    try Files.makeDirectories(folder)
    Files.removeOldTemporaries(in: folder, of: name)
    let temporary = "\(folder)/.\(name).\(UInt64.random(in: 0...UInt64.max))"
    do {
      let source = try Files.open(artifact.file)
      let found = try source.closeAfter {
        let copy = try Files.create(temporary)
        return try copy.closeAfter {
          let digest = try FileDigest(copying: source, to: copy, cancellation)
          try Files.sync(copy, temporary)
          return digest
        }
      }
      reached(.copied)
      // What was read, and what now stands in the copy.
      let copied = try LocalDirectory.digest(of: temporary, cancellation)
      guard let copied, found == copied, copied.sha256 == artifact.sha256 else {
        let wrong = found.sha256 == artifact.sha256 ? copied?.sha256 ?? "no copy" : found.sha256
        throw TargetFailure.checksumMismatch(version: artifact.version, expected: artifact.sha256, found: wrong)
      }
      try Files.rename(temporary, placed.path)
    } catch {
      unlink(temporary)
      throw error
    }
    try Files.syncDirectory(folder)
    reached(.placed)
    return placed
  }

  /// `MODEL/N` as a relative path that stays below where it begins.
  static func folder(of version: String) throws(TargetFailure) -> String {
    let parts = version.split(separator: "/", omittingEmptySubsequences: false)
    let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)
    let sound = parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && $0.utf8.allSatisfy(allowed.contains) }
    guard parts.count >= 2, sound, let number = parts.last, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw .invalid("\"\(version)\" is not a version: it must be MODEL/N")
    }
    return version
  }

  private static func digest(of path: String, _ cancellation: Cancellation) throws -> FileDigest? {
    guard access(path, F_OK) == 0 else { return nil }
    let file = try Files.open(path)
    return try file.closeAfter { try FileDigest(copying: file, to: nil, cancellation) }
  }

  // MARK: Traffic

  /// Keeps the token, then makes the plan the traffic.
  func write(_ plan: TrafficPlan, token: Int64, _ cancellation: Cancellation) throws {
    for version in [plan.current] + (plan.candidate.map { [$0] } ?? []) where access(version.path, R_OK) != 0 {
      throw TargetFailure.invalid("the artifact of \(version.version) cannot be read at \(version.path): place it first")
    }
    try locked(token, cancellation) { memory in
      if memory.token < token {
        memory.token = token
        try keep(memory)
      }
      reached(.tokenKept)
      try replaceTraffic(plan, token)
    }
  }

  /// Remembers that the server serves the plan.
  func confirm(_ plan: TrafficPlan, token: Int64, _ cancellation: Cancellation) throws {
    try locked(token, cancellation) { memory in
      if memory.confirmed != plan {
        memory.confirmed = plan
        try keep(memory)
      }
    }
    reached(.confirmed)
  }

  /// Puts the last confirmed plan back, under this token; where there is none, takes the traffic away.
  /// - Returns: the plan.
  func restore(token: Int64, _ cancellation: Cancellation) throws -> TrafficPlan? {
    try locked(token, cancellation) { memory in
      if let confirmed = memory.confirmed {
        try replaceTraffic(confirmed, token)
      } else {
        for name in ["traffic.json", "current"] where unlink("\(path)/\(name)") != 0 && errno != ENOENT {
          throw Files.failure("remove", "\(path)/\(name)")
        }
        try Files.syncDirectory(path)
      }
      return memory.confirmed
    }
  }

  /// - Throws: `staleToken` when a higher one has been seen.
  func requireNewest(_ token: Int64) throws {
    let highest = try remembered()?.token ?? token
    guard token >= highest else { throw TargetFailure.staleToken(given: token, highest: highest) }
  }

  private func replaceTraffic(_ plan: TrafficPlan, _ token: Int64) throws {
    var json = plan.json
    json["token"] = .integer(token)
    try Files.replace("\(path)/traffic.json", temporary: "\(path)/.traffic.json.new", with: json.text(.indented) + "\n") { reached(.trafficPrepared) }
    reached(.trafficReplaced)
    // Relative where it can be, so that the directory may be mounted elsewhere.
    let folder = plan.current.path.prefix(upTo: plan.current.path.lastIndex(of: "/") ?? plan.current.path.startIndex)
    let target = folder.hasPrefix(path + "/") ? String(folder.dropFirst(path.utf8.count + 1)) : String(folder)
    let temporary = "\(path)/.current.new"
    unlink(temporary)
    guard symlink(target, temporary) == 0 else { throw Files.failure("make the link", temporary) }
    reached(.linkPrepared)
    try Files.rename(temporary, "\(path)/current")
    try Files.syncDirectory(path)
    reached(.linkReplaced)
  }

  // MARK: Memory and lock

  private var memoryPath: String { "\(path)/.deploy/memory.json" }

  private func keep(_ memory: Memory) throws {
    let json: JSON = ["token": .integer(memory.token), "confirmed": memory.confirmed?.json ?? .null]
    try Files.replace(memoryPath, temporary: memoryPath + ".new", with: json.text(.indented) + "\n")
  }

  private func remembered() throws -> Memory? {
    guard let text = try Files.contents(memoryPath) else { return nil }
    guard let json = try? JSON(parsing: text), let token = json["token"]?.integer else {
      throw TargetFailure.invalid("\(memoryPath) is damaged; remove it when no deployer is at work")
    }
    return Memory(token: Int64(token), confirmed: json["confirmed"].flatMap { TrafficPlan(json: $0) })
  }

  /// Runs `body` under the lock, if no higher token has been seen.
  private func locked<Value>(_ token: Int64, _ cancellation: Cancellation, _ body: (inout Memory) throws -> Value) throws -> Value {
    try Files.makeDirectories("\(path)/.deploy")
    let lock = try FileLock(path: "\(path)/.deploy/lock", timeout: lockTimeout, cancellation)
    defer { lock.release() }
    reached(.locked)
    // The first time, what stands there is what is served.
    let found = try Files.contents("\(path)/traffic.json").flatMap { try? JSON(parsing: $0) }.flatMap { TrafficPlan(json: $0) }
    var memory = try remembered() ?? Memory(token: Int64.min, confirmed: found)
    guard token >= memory.token else { throw TargetFailure.staleToken(given: token, highest: memory.token) }
    return try body(&memory)
  }
}
