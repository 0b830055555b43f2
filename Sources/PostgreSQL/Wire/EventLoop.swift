internal import CLinux
internal import Glibc

/// What the event loop calls, on its thread, when a socket is ready. It must not block.
protocol SocketHandler: AnyObject, Sendable {
  func socketReady()
}

/// The one thread that waits for all sockets and timers of this module.
///
/// One epoll thread and non-blocking libpq beat a thread, an actor or a dispatch source per connection (figures in the project's notes on
/// the toolchain): a query is sent from the thread that asks, its answer is read here and wakes the asking task.
///
/// Unchecked: what changes is behind the lock.
final class EventLoop: @unchecked Sendable {
  /// Started when first used; lives as long as the process.
  static let shared = EventLoop()

  /// What a socket is watched for; input always.
  enum Interest { case input, inputAndOutput, nothing }

  private struct Timer {
    var due: UInt64
    var id: UInt64
    var action: @Sendable () -> Void
  }

  private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
  private let wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
  private let lock = PosixLock()
  private var handlers: [UInt64: any SocketHandler] = [:]
  /// By due time, the latest first, so that the next to fire is the last.
  private var timers: [Timer] = []
  private var lastID: UInt64 = 0
  private let isRunning: Bool

  private init() {
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.u64 = 0
    guard epoll >= 0, wake >= 0, epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) == 0 else {
      isRunning = false
      return
    }
    let box = Locked<EventLoop?>(nil)
    isRunning = BlockingThread.start("kedge-postgres") {
      // The loop is handed over once it is complete.
      while true { if let loop = box.withLock({ $0 }) { loop.run() } else { sched_yield() } }
    }
    box.withLock { $0 = self }
  }

  /// Watches a socket for input.
  /// - Returns: the key for `update` and `remove`; nil when the system refused.
  func add(_ socket: Int32, _ handler: any SocketHandler) -> UInt64? {
    guard isRunning else { return nil }
    let key = lock.withLock {
      lastID += 1
      handlers[lastID] = handler
      return lastID
    }
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.u64 = key
    if epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0 { return key }
    lock.withLock { handlers[key] = nil }
    return nil
  }

  /// Changes what a socket is watched for.
  func update(_ key: UInt64, _ socket: Int32, _ interest: Interest) {
    var event = epoll_event()
    switch interest {
    case .input: event.events = EPOLLIN.rawValue
    case .inputAndOutput: event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue
    case .nothing: event.events = 0
    }
    event.data.u64 = key
    epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event)
  }

  /// Stops watching. The handler may still be called once if its socket was ready just now.
  func remove(_ key: UInt64, _ socket: Int32) {
    var event = epoll_event()
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event)
    lock.withLock { handlers[key] = nil }
  }

  /// Calls `action` on the loop's thread after `delay`. It must not block.
  /// - Returns: the key for `cancel`.
  @discardableResult
  func after(_ delay: Duration, _ action: @escaping @Sendable () -> Void) -> UInt64 {
    let (seconds, attoseconds) = delay.components
    let nanoseconds = delay <= .zero ? 0 : UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
    let due = EventLoop.now() + min(nanoseconds, 1 << 60)
    let (id, isNext) = lock.withLock {
      lastID += 1
      let index = timers.firstIndex { $0.due <= due } ?? timers.count
      timers.insert(Timer(due: due, id: lastID, action: action), at: index)
      return (lastID, index == timers.count - 1)
    }
    if isNext { eventfd_write(wake, 1) }
    return id
  }

  /// Forgets a timer; too late is no error.
  func cancel(_ id: UInt64) {
    lock.withLock { timers.removeAll { $0.id == id } }
  }

  /// Nanoseconds of the monotonic clock.
  static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private func run() {
    var events = [epoll_event](repeating: epoll_event(), count: 128)
    while true {
      let count = epoll_wait(epoll, &events, 128, nextTimeout())
      fireTimers()
      guard count > 0 else { continue }
      for index in 0..<Int(count) {
        let key = events[index].data.u64
        guard key != 0 else {
          var value: eventfd_t = 0
          eventfd_read(wake, &value)
          continue
        }
        lock.withLock { handlers[key] }?.socketReady()
      }
    }
  }

  /// Milliseconds until the next timer, rounded up; -1 without one.
  private func nextTimeout() -> Int32 {
    guard let due = lock.withLock({ timers.last?.due }) else { return -1 }
    let now = EventLoop.now()
    guard due > now else { return 0 }
    return Int32(clamping: (due - now + 999_999) / 1_000_000)
  }

  private func fireTimers() {
    let now = EventLoop.now()
    while let timer = lock.withLock({ timers.last.map { $0.due <= now } == true ? timers.removeLast() : nil }) { timer.action() }
  }
}
