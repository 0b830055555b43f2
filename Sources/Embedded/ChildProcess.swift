internal import CLinux
internal import Foundation
internal import Glibc

/// A process that we started, with a thread of its own that started it and waits for it.
///
/// The thread has to live as long as the process: the kernel sends the parent-death signal when the *thread* that started it ends.
/// The process leads a session of its own, so that Ctrl-C on our terminal does not reach it.
///
/// Unchecked: what changes is behind the lock.
final class ChildProcess: @unchecked Sendable {
  /// How a process ended.
  enum Exit: Hashable, Sendable {
    case code(Int32)
    case signal(Int32)
  }

  private let lock = NSLock()
  private var pid: pid_t = 0
  private var exit: Exit?
  private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  private var lastWaiter = 0

  private init() {}

  /// Starts a process.
  /// - Parameters:
  ///   - arguments: the command, found on the PATH, and its arguments.
  ///   - directory: where it runs.
  ///   - output: a descriptor for its standard output and error.
  /// - Throws: `EmbeddedError.system`.
  static func start(_ arguments: [String], in directory: String, output: Int32) async throws -> ChildProcess {
    let process = ChildProcess()
    let failure: Int32 = await withCheckedContinuation { continuation in
      let thread = Thread {
        let failure = process.spawn(arguments, directory, output)
        continuation.resume(returning: failure)
        if failure == 0 { process.waitForEnd() }
      }
      thread.name = "kedge-child"
      thread.start()
    }
    guard failure == 0 else { throw EmbeddedError.system("run", arguments.first ?? "", failure) }
    return process
  }

  /// Sends a signal, unless the process has ended.
  func send(_ signal: Int32) { lock.withLock { if exit == nil { _ = kill(pid, signal) } } }

  /// Kills it and what it started, unless it has ended.
  func killAll() { lock.withLock { if exit == nil { _ = kill(-pid, SIGKILL) } } }

  /// How it ended; nil while it runs.
  var ended: Exit? { lock.withLock { exit } }

  /// Waits until it has ended or the time is up.
  /// - Parameter limit: nil waits for as long as it takes. Cancelling the task ends the wait, not the process.
  /// - Returns: how it ended; nil when it runs on.
  @discardableResult
  func wait(_ limit: Duration? = nil) async -> Exit? {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.wait() }
      if let limit { group.addTask { try? await Task.sleep(for: limit) } }
      await group.next()
      group.cancelAll()
    }
    return ended
  }

  private func wait() async {
    let id = lock.withLock {
      lastWaiter += 1
      return lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = lock.withLock {
          guard exit == nil, !Task.isCancelled else { return true }
          waiters[id] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      lock.withLock { waiters.removeValue(forKey: id) }?.resume()
    }
  }

  private func spawn(_ arguments: [String], _ directory: String, _ output: Int32) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    kedge_spawn_closing_from(&actions, 3)
    kedge_spawn_in(&actions, directory)
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, kedge_spawn_session_flag() | Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let pointers = arguments.map { strdup($0) }
    let environment = ChildProcess.environment.map { strdup($0) }
    defer { for pointer in pointers + environment { free(pointer) } }
    var pid = pid_t()
    guard let command = pointers.first ?? nil else { return ENOENT }
    let failure = posix_spawnp(&pid, command, &actions, &attributes, pointers + [nil], environment + [nil])
    lock.withLock { self.pid = pid }
    return failure
  }

  /// Ours, without what would lead PostgreSQL's programs astray.
  private static var environment: [String] {
    ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") && !$0.key.hasPrefix("LC_") && $0.key != "LANG" }
      .map { "\($0.key)=\($0.value)" } + ["LC_ALL=C"]
  }

  private func waitForEnd() {
    var information = siginfo_t()
    // The process is reaped under the lock, so that no signal can reach another that got its number.
    while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    let waiters = lock.withLock {
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      let signal = status & 0x7f
      exit = signal == 0 ? .code(status >> 8 & 0xff) : .signal(signal)
      defer { self.waiters = [:] }
      return self.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }
}
