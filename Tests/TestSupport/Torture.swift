internal import Foundation
internal import Synchronization

/// How hard the long tests strike: a little in each run of the tests, and by `ops/torture` as its environment says.
public enum Torture {
  /// Kills of each sort.
  public static func kills(inEveryRun few: Int) -> Int { number("KEDGE_TORTURE_KILLS") ?? few }
  /// Connections that are cut after COMMIT.
  public static func cuts(inEveryRun few: Int) -> Int { number("KEDGE_TORTURE_CUTS") ?? few }
  /// Events of the law that a replay equals what was written.
  public static func events(inEveryRun few: Int) -> Int { number("KEDGE_TORTURE_EVENTS") ?? few }
  /// Whether the models of many states are checked too.
  public static let checksLargeModels = number("KEDGE_TORTURE_MODELS") == 1
  /// Where randomness comes from.
  public static let seed = Seed(UInt64(number("KEDGE_TORTURE_SEED") ?? 1))

  private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

  /// Tells `ops/torture` how far a test is, or, after `= `, what it counted in the end.
  public static func say(_ line: String) {
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
