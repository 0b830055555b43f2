/// As what a column's values are wanted.
package enum ParquetShape: Sendable {
  case numbers, times, texts
}

/// Some rows of a column.
package struct ParquetValues: Sendable {
  package var rows = 0
  /// Rows that are null. Fractions that are NaN are not counted.
  package var missing = 0
  /// As numbers: NaN where missing.
  package var numbers: [Double] = []
  /// As times: microseconds since 1970, `Int64.min` where missing.
  package var times: [Int64] = []
  /// As texts: what the receiver numbered them, −1 where missing.
  package var codes: [Int32] = []
}

/// What is asked to number texts: the same bytes get the same number.
package protocol ParquetTexts {
  mutating func code(of text: UnsafeRawBufferPointer) -> Int32
}
