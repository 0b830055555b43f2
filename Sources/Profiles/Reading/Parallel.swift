internal import Foundation

/// Work spread over the processors; the calling thread takes part and waits.
enum Parallel {
  /// Each element's result, in order.
  static func map<Element: Sendable, Result: Sendable>(_ elements: [Element], _ transform: @Sendable (Element) -> Result) -> [Result] {
    guard elements.count > 1 else { return elements.map(transform) }
    return [Result](unsafeUninitializedCapacity: elements.count) { buffer, count in
      let target = Target(base: buffer.baseAddress.unsafelyUnwrapped)
      DispatchQueue.concurrentPerform(iterations: elements.count) { index in (target.base + index).initialize(to: transform(elements[index])) }
      count = elements.count
    }
  }

  /// Takes items one at a time, works on several side by side, and hands on what was made of them one at a time and in their order. Taking and handing on
  /// go on beside the work.
  /// - Parameters:
  ///   - width: how many threads; the calling one is among them.
  ///   - next: the next item; nil at the end. Called from any thread, never from two at once.
  ///   - consume: called from any thread, never from two at once.
  /// - Throws: the first error in the order of the items; then nothing more is taken.
  static func inOrder<Item, Made>(
    width: Int, next: @escaping () throws(TableError) -> Item?, transform: @escaping (Item) -> Made,
    consume: @escaping (Made) throws(TableError) -> Void
  ) throws(TableError) {
    let (taking, handing) = (NSLock(), NSCondition())
    var (taken, handed) = (0, 0)
    var waiting: [Int: Made] = [:]
    var hasEnded = false
    var failure: TableError?

    func take() -> (Int, Item)? {
      taking.lock()
      defer { taking.unlock() }
      // What waits for an earlier item is bounded.
      handing.lock()
      while taken - handed >= 2 * width, failure == nil { handing.wait() }
      let stops = failure != nil || hasEnded
      handing.unlock()
      if stops { return nil }
      do throws(TableError) {
        if let item = try next() {
          taken += 1
          return (taken - 1, item)
        }
        hasEnded = true
      } catch {
        hasEnded = true
        // An error in what was taken before comes first.
        handing.lock()
        while handed < taken, failure == nil { handing.wait() }
        if failure == nil { failure = error }
        handing.unlock()
      }
      return nil
    }

    func hand(_ made: Made, _ index: Int) {
      handing.lock()
      defer { handing.unlock() }
      waiting[index] = made
      while failure == nil, let made = waiting.removeValue(forKey: handed) {
        do throws(TableError) { try consume(made) } catch { failure = error }
        handed += 1
      }
      handing.broadcast()
    }

    // Safe to be shared: the locks let one thread at a time at what changes, and none outlives this call.
    nonisolated(unsafe) let work = { while let (index, item) = take() { hand(transform(item), index) } }
    if width > 1 { DispatchQueue.concurrentPerform(iterations: width) { _ in work() } } else { work() }
    if let failure { throw failure }
  }

  /// `@unchecked Sendable`: every iteration writes its own element.
  private struct Target<Result>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Result>
  }
}
