internal import Foundation
internal import Values

/// A program that is run to its end, with what it cost.
enum Command {
  struct Cost {
    /// From start to end.
    let seconds: Double
    /// The most that it held at a time, in bytes.
    let peakMemory: Double
    /// Of both kinds, all threads.
    let processorSeconds: Double
  }

  /// - Parameter output: where its standard output goes.
  /// - Throws: when it cannot be started or fails; what it said is part of the error.
  static func run(_ program: String, _ arguments: [String], output: String = "/dev/null", errors: String) throws -> Cost {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    var texts = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var child = pid_t()
    let began = ContinuousClock.now
    var failure: Int32 = 0
    Bench.withSignals { failure = posix_spawnp(&child, program, &actions, nil, &texts, environ) }
    guard failure == 0 else { throw LogBenchmark.Failed(what: "\(program) does not start: \(String(cString: strerror(failure)))") }
    var (status, usage) = (Int32(0), rusage())
    while wait4(child, &status, 0, &usage) < 0, errno == EINTR {}
    let seconds = (ContinuousClock.now - began).inSeconds
    guard status == 0 else {
      let said = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
      throw LogBenchmark.Failed(what: "\(([program] + arguments).joined(separator: " ")) failed: \(said.suffix(600))")
    }
    return Cost(
      seconds: seconds, peakMemory: Double(usage.ru_maxrss) * 1024, processorSeconds: Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime))
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
