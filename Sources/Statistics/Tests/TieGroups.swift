/// Two sorted samples walked through together, value by value.
enum TieGroups {
  /// Calls `body` with each distinct value, ascending, and how often each sample has it.
  /// - Complexity: O(n + m).
  @inline(__always)
  static func forEach(_ reference: Sample, _ current: Sample, _ body: (_ value: Double, _ inReference: Int, _ inCurrent: Int) -> Void) {
    reference.values.withUnsafeBufferPointer { a in
      current.values.withUnsafeBufferPointer { b in
        var (i, j) = (0, 0)
        while i < a.count || j < b.count {
          let value = j == b.count || (i < a.count && a[i] <= b[j]) ? a[i] : b[j]
          let (startA, startB) = (i, j)
          while i < a.count, a[i] == value { i &+= 1 }
          while j < b.count, b[j] == value { j &+= 1 }
          body(value, i &- startA, j &- startB)
        }
      }
    }
  }
}

extension Sample {
  /// - Throws: when either sample has fewer than `minimum` values.
  static func check(_ reference: Sample, _ current: Sample, minimum: Int = 1) throws(NotComputable) {
    guard reference.count >= minimum else {
      throw NotComputable(minimum == 1 ? "the reference has no values" : "the reference has \(reference.count) values, and it takes \(minimum)")
    }
    guard current.count >= minimum else {
      throw NotComputable(minimum == 1 ? "the current data have no values" : "the current data have \(current.count) values, and it takes \(minimum)")
    }
  }
}
