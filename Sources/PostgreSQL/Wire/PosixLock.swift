internal import Glibc

/// A pthread mutex. (`Synchronization.Mutex` makes the thread sanitizer report races that are none.) Never held across an `await`.
///
/// Unchecked: the mutex is what makes it safe.
final class PosixLock: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  @inline(__always)
  func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }
}

/// A value behind a lock.
///
/// Unchecked: the value is reached through the lock only.
final class Locked<Value>: @unchecked Sendable {
  private let lock = PosixLock()
  private var value: Value

  init(_ value: sending Value) { self.value = value }

  @inline(__always)
  func withLock<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
    try lock.withLock { () throws(Failure) in try body(&value) }
  }
}
