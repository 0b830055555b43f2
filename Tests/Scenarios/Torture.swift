import Foundation
import Synchronization
import TestSupport

/// How hard the tests of kills strike: a little in each run of the tests, and by `ops/torture` as its environment says.
enum Torture {
  /// Kills of each sort.
  static func kills(inEveryRun few: Int) -> Int { number("KEDGE_TORTURE_KILLS") ?? few }
  /// Connections that are cut after COMMIT.
  static func cuts(inEveryRun few: Int) -> Int { number("KEDGE_TORTURE_CUTS") ?? few }
  /// Where randomness comes from.
  static let seed = Seed(UInt64(number("KEDGE_TORTURE_SEED") ?? 1))

  private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

  /// Tells `ops/torture` how far a test is, or what it counted in the end.
  static func say(_ line: String) {
    guard let path = ProcessInfo.processInfo.environment["KEDGE_TORTURE_LOG"] else { return }
    lock.withLock { _ in
      guard let file = FileHandle(forWritingAtPath: path) else { return }
      defer { try? file.close() }
      _ = try? file.seekToEnd()
      try? file.write(contentsOf: Data((line + "\n").utf8))
    }
  }

  private static let lock = Mutex(())
}
