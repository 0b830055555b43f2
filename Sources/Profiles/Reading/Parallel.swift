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

  /// `@unchecked Sendable`: every iteration writes its own element.
  private struct Target<Result>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Result>
  }
}
