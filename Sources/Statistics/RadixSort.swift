/// Sorts doubles in place, least significant digit first, over order-preserving keys: six passes of eleven bits for many values, eight of eight bits for
/// fewer; passes whose digit is the same in every key are skipped.
///
/// About a quarter of the standard library's time on a thousand values and on a million.
public enum RadixSort {
  /// Ascending; −0 before +0.
  /// - Precondition: free of NaN.
  public static func ascending(_ values: inout [Double]) {
    let n = values.count
    guard n > fewest else {
      values.sort()
      return
    }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: n) { spare in
      values.withUnsafeMutableBufferPointer { buffer in
        buffer.withMemoryRebound(to: UInt64.self) { keys in
          if n > many { sort(keys, spare, digits: 6, bits: 11) } else { sort(keys, spare, digits: 8, bits: 8) }
        }
      }
    }
  }

  /// Up to so many values comparing is faster.
  private static let fewest = 128
  /// Above so many values the longer tables pay.
  private static let many = 8192

  /// - Parameters:
  ///   - digits: passes; digits · bits must be at least 64.
  @inline(__always)
  private static func sort(_ keys: UnsafeMutableBufferPointer<UInt64>, _ spare: UnsafeMutableBufferPointer<UInt64>, digits: Int, bits: UInt64) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: digits << Int(bits)) { histogram in
      histogram.initialize(repeating: 0)
      sort(keys, spare, histogram, digits: digits, bits: bits)
    }
  }

  @inline(__always)
  private static func sort(
    _ keys: UnsafeMutableBufferPointer<UInt64>, _ spare: UnsafeMutableBufferPointer<UInt64>, _ histogram: UnsafeMutableBufferPointer<Int>, digits: Int,
    bits: UInt64
  ) {
    let n = keys.count
    let buckets = 1 << Int(bits)
    let mask = UInt64(buckets - 1)
    var source = keys.baseAddress.unsafelyUnwrapped
    var target = spare.baseAddress.unsafelyUnwrapped
    for i in 0..<n {
      let raw = source[i]
      // Negative numbers: all bits turned; others: the sign bit set. Unsigned order is then numeric order.
      let key = raw ^ (UInt64(bitPattern: Int64(bitPattern: raw) >> 63) | (1 << 63))
      source[i] = key
      for digit in 0..<digits { histogram[digit &* buckets &+ Int((key >> (UInt64(digit) &* bits)) & mask)] &+= 1 }
    }
    for digit in 0..<digits {
      let counts = histogram.baseAddress.unsafelyUnwrapped + digit * buckets
      let shift = UInt64(digit) &* bits
      if counts[Int((source[0] >> shift) & mask)] == n { continue }
      var start = 0
      for bucket in 0..<buckets {
        let count = counts[bucket]
        counts[bucket] = start
        start &+= count
      }
      for i in 0..<n {
        let key = source[i]
        let bucket = Int((key >> shift) & mask)
        target[counts[bucket]] = key
        counts[bucket] &+= 1
      }
      swap(&source, &target)
    }
    let result = keys.baseAddress.unsafelyUnwrapped
    for i in 0..<n {
      let key = source[i]
      result[i] = key ^ (((key >> 63) &- 1) | (1 << 63))
    }
  }
}
