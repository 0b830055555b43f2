internal import Statistics

/// Finds what is wrong with a column's values as such.
enum QualityJudgement {
  /// A share below this is not worth telling.
  static let smallestShare = 0.01

  static func quality(_ reference: PreparedColumn, _ current: PreparedColumn, _ type: ColumnType) -> ColumnQuality {
    var quality = ColumnQuality()
    quality.missingReference = share(reference.missing, reference.rows)
    quality.missingCurrent = share(current.missing, current.rows)
    quality.infiniteReference = reference.infinite
    quality.infiniteCurrent = current.infinite
    if reference.rows > 0, current.rows > 0, reference.missing + current.missing > 0 {
      do throws(NotComputable) {
        quality.missingPValue = try TwoProportions.z(reference.missing, of: reference.rows, current.missing, of: current.rows).pValue
      } catch {
        quality.missingPValue = nil
      }
    }
    guard current.present > 0 else {
      if current.rows > 0, reference.present > 0 { quality.findings.append(.allMissing) }
      return quality
    }
    switch (reference.content, current.content) {
    case (.numbers(let a), .numbers(let b)):
      guard let low = a.finite.values.first, let high = a.finite.values.last else { break }
      let outside = b.finite.values.count { $0 < low || $0 > high }
      let outsideShare = share(outside, b.count)
      quality.outOfRangeShare = outsideShare
      // Of n values the range of n others leaves out 2/(n + 1) on average.
      if outsideShare >= max(smallestShare, 10 / Double(a.count + 1)), a.count >= 30 { quality.findings.append(.outOfRange) }
      if low < high, b.values.first == b.values.last { quality.findings.append(.constant) }
      if current.infinite > 0, reference.infinite == 0 { quality.findings.append(.infinite) }
    case (.categories(let a), .categories(let b)):
      let known = Set(a.map(\.value))
      let new = b.filter { !known.contains($0.value) }.sorted { $0.count > $1.count }
      let newShare = share(new.reduce(0) { $0 + $1.count }, current.present)
      quality.newCategoryShare = newShare
      quality.newCategories = new.prefix(20).map(\.value)
      if newShare >= smallestShare, reference.present > 0 { quality.findings.append(.newCategories) }
      if a.count > 1, b.count == 1 { quality.findings.append(.constant) }
    case (.texts(_, let a), .texts(_, let b)):
      if a.count > 1, b.count == 1 { quality.findings.append(.constant) }
    default: break
    }
    return quality
  }

  /// Adjusts the tests of the missing share over the columns, and adds the findings that survive.
  static func adjust(_ columns: inout [Comparison.Judged], _ options: ComparisonOptions) {
    let tested = columns.indices.filter { columns[$0].result.quality.missingPValue != nil }
    let adjusted = Correction.benjaminiHochberg.adjust(tested.map { columns[$0].result.quality.missingPValue ?? 1 })
    for (index, p) in zip(tested, adjusted) {
      let quality = columns[index].result.quality
      if p <= options.significance, abs(quality.missingCurrent - quality.missingReference) >= smallestShare {
        columns[index].result.quality.findings.insert(.missingRateChanged, at: 0)
      }
    }
  }

  private static func share(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
