internal import CLinux
internal import Glibc

/// One command being watched. Blocking, on the thread that calls it, in a process of its own.
final class Supervision {
  private let settings: Supervisor.Settings
  private let worker = STDIN_FILENO
  private let log = STDOUT_FILENO
  /// The command's process, which leads its group and session.
  private var command: pid_t = 0
  /// As `waitpid` gave it, once the command has ended.
  private var status: Int32?

  init(_ settings: Supervisor.Settings) { self.settings = settings }

  private enum Reason {
    case workerGone, told, timedOut, tooMuchOutput

    var note: String {
      switch self {
      case .workerGone: "the worker is gone, so the command is ended"
      case .told: "the command is ended, as asked"
      case .timedOut: "the time is up, so the command is ended"
      case .tooMuchOutput: "the output is longer than allowed, so the command is ended"
      }
    }

    var report: SupervisorReport {
      switch self {
      case .workerGone, .told: .cancelled
      case .timedOut: .timedOut
      case .tooMuchOutput: .tooMuchOutput
      }
    }
  }

  func run() -> SupervisorReport {
    let signals = SignalPipe.open()
    kedge_adopt_orphans()
    // A worker that died already leaves nothing to start.
    if poll(for: 0, signals) == .workerGone { return .cancelled }
    switch Spawned(settings.command, directory: settings.directory) {
    case .failed(let reason): return .couldNotStart(reason: reason)
    case .running(let process): command = process
    }
    send(.started(group: command))
    let reason = watch(signals)
    if let reason {
      note(reason.note)
      end(graceMilliseconds: settings.graceMilliseconds, signals)
      return reason.report
    }
    end(graceMilliseconds: min(1000, settings.graceMilliseconds), signals)
    return outcome
  }

  /// Tells the worker, if there is one. A worker that does not listen must not stop the supervisor.
  func send(_ report: SupervisorReport) {
    let line = report.line + "\n"
    _ = line.withCString { Glibc.send(worker, $0, strlen($0), Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
  }

  /// Waits until the command ends, or there is a reason to end it.
  private func watch(_ signals: Int32) -> Reason? {
    let deadline = Monotonic.milliseconds() + settings.timeoutMilliseconds
    while true {
      reap()
      if status != nil { return nil }
      let left = deadline - Monotonic.milliseconds()
      guard left > 0 else { return .timedOut }
      guard logSize() <= settings.outputLimitBytes else { return .tooMuchOutput }
      if let reason = poll(for: Int32(min(left, 1000)), signals) { return reason }
    }
  }

  /// Waits for something to happen, at most so long.
  private func poll(for milliseconds: Int32, _ signals: Int32) -> Reason? {
    var descriptors = [pollfd(fd: worker, events: Int16(POLLIN), revents: 0), pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
    guard Glibc.poll(&descriptors, 2, milliseconds) > 0 else { return nil }
    if descriptors[1].revents != 0, SignalPipe.drain() { return .told }
    if descriptors[0].revents != 0 {
      var byte: UInt8 = 0
      let count = recv(worker, &byte, 1, Int32(MSG_DONTWAIT))
      if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return .workerGone }
    }
    return nil
  }

  /// Collects what has ended: the command, and orphans that became this process's children.
  /// - Returns: whether any child is left.
  @discardableResult private func reap() -> Bool {
    while true {
      var ended: Int32 = 0
      let process = waitpid(-1, &ended, WNOHANG)
      if process == command, process > 0 { status = ended }
      if process == 0 || (process < 0 && errno == EINTR) { return true }
      if process < 0 { return false }
    }
  }

  /// Ends all descendants: SIGTERM, the grace, SIGKILL until none is left.
  private func end(graceMilliseconds: Int64, _ signals: Int32) {
    guard reap() else { return }
    ProcessTree.signal(SIGTERM, group: command)
    ProcessTree.signal(SIGCONT, group: command)
    let termination = Monotonic.milliseconds() + graceMilliseconds
    while reap(), Monotonic.milliseconds() < termination { wait(20, signals) }
    // A process in an uninterruptible wait cannot be killed; after this long it is the kernel's.
    let surrender = Monotonic.milliseconds() + 10_000
    while reap(), Monotonic.milliseconds() < surrender {
      ProcessTree.signal(SIGKILL, group: command)
      wait(5, signals)
    }
  }

  /// Until a child ends, at most so long.
  private func wait(_ milliseconds: Int32, _ signals: Int32) {
    var descriptor = pollfd(fd: signals, events: Int16(POLLIN), revents: 0)
    if Glibc.poll(&descriptor, 1, milliseconds) > 0 { _ = SignalPipe.drain() }
  }

  private var outcome: SupervisorReport {
    guard let status else { return .cancelled }
    return status & 0x7f == 0 ? .exited(code: status >> 8 & 0xff) : .signalled(status & 0x7f)
  }

  private func logSize() -> Int64 {
    var status = stat()
    return fstat(log, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : 0
  }

  private func note(_ text: String) {
    let line = "kedge: \(text)\n"
    _ = line.withCString { write(log, $0, strlen($0)) }
  }
}

enum Monotonic {
  static func milliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// Turns signals into bytes that `poll` sees.
private enum SignalPipe {
  // Written once, before any handler is set; a handler can capture nothing.
  nonisolated(unsafe) private static var readEnd: Int32 = -1
  nonisolated(unsafe) private static var writeEnd: Int32 = -1

  /// - Returns: the end to poll.
  static func open() -> Int32 {
    var descriptors: [Int32] = [-1, -1]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0, &descriptors)
    readEnd = descriptors[0]
    writeEnd = descriptors[1]
    for number in [SIGCHLD, SIGTERM, SIGINT, SIGHUP] { signal(number, pass) }
    signal(SIGPIPE, SIG_IGN)
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    return readEnd
  }

  private static let pass: @convention(c) (Int32) -> Void = { number in
    var byte = UInt8(truncatingIfNeeded: number)
    let before = errno
    _ = write(writeEnd, &byte, 1)
    errno = before
  }

  /// Takes all bytes.
  /// - Returns: whether one of them asks to end.
  static func drain() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 64)
    var ending = false
    while true {
      let count = read(readEnd, &bytes, bytes.count)
      guard count > 0 else { return ending }
      if bytes[..<count].contains(where: { $0 != UInt8(SIGCHLD) }) { ending = true }
    }
  }
}
