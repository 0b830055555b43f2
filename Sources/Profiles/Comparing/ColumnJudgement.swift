internal import Statistics

/// One column's test: which, with what outcome; the verdict follows when all columns' p-values are known.
struct ColumnJudgement: Sendable {
  /// A test's numbers.
  struct Outcome: Sendable {
    let test: DriftTest
    let result: TestResult
    /// Of the test, or of the distance's null.
    let pValue: Double?
    let isDistance: Bool

    var score: Double { isDistance ? result.statistic : result.pValue }
  }

  let reference: PreparedColumn
  let current: PreparedColumn
  let type: ColumnType
  let options: ComparisonOptions
  /// The categories of both sides in one table, for categories.
  private let table: CategoryCounts?

  init(reference: PreparedColumn, current: PreparedColumn, type: ColumnType, options: ComparisonOptions) {
    self.reference = reference
    self.current = current
    self.type = type
    self.options = options
    if case .categories(let a) = reference.content, case .categories(let b) = current.content {
      table = PreparedColumn.table(a, b).counts
    } else {
      table = nil
    }
  }

  /// The test that the options choose.
  /// - Throws: when none fits.
  func chosen(for name: String) throws(NotComputable) -> DriftTest {
    if let own = options.columnTests[name] { return try fitting(own.test) }
    switch options.choice {
    case .test(.own(let test)) where test.isMultivariate && type != .text: throw NotComputable("\(test.rawValue) judges the columns together")
    case .test(let test): return try fitting(test)
    case .evidently: return try evidently()
    case .auto:
      switch type {
      case .numeric, .datetime: return .own(.ks)
      case .text: return .own(.domainClassifier)
      case .categorical, .boolean:
        guard let table, table.occurring.reference.count > 1, table.referenceTotal > 0, table.currentTotal > 0, table.smallestExpected < 5 else {
          return .own(.chiSquared)
        }
        return .own(.chiSquaredPermutation)
      }
    }
  }

  /// By how much the distance of the two distribution functions may be off because a side is a profile; nil when both are data.
  var errorBound: Double? {
    guard reference.rankError != nil || current.rankError != nil else { return nil }
    guard reference.numbers != nil else { return 0 }
    // Representatives add half a step of their own.
    func bound(_ side: PreparedColumn) -> Double {
      guard let error = side.rankError else { return 0 }
      return side.isThinned ? error + 0.5 / Double(PreparedColumn.representatives) : error
    }
    return bound(reference) + bound(current)
  }

  /// A KS test whose distance is lowered by what the profiles may be off by, at the true numbers of rows.
  private func fromProfile(_ a: Sample, _ b: Sample, _ bound: Double) throws(NotComputable) -> TestResult {
    let d = try KolmogorovSmirnov.distance(a, b)
    return TestResult(statistic: d, pValue: KolmogorovSmirnov.asymptotic(max(0, d - bound), reference.finite, current.finite))
  }

  private func fitting(_ test: DriftTest) throws(NotComputable) -> DriftTest {
    guard test.fits(type) || (test.takesNumbers && reference.numbers != nil) else { throw NotComputable("\(test.name) does not fit a \(type.rawValue) column") }
    return test
  }

  /// Evidently's default, by the rows and the distinct values of both sides.
  private func evidently() throws(NotComputable) -> DriftTest {
    let large = reference.finite > 1000
    switch type {
    case .datetime: throw NotComputable("Evidently gives times no drift test")
    case .text: throw NotComputable("Evidently's text drift depends on scikit-learn's random classifier; choose domain_classifier")
    case .numeric:
      guard let (a, b) = samples else { return .evidently(.ks) }
      var distinct = 0
      for (x, limit) in [(a, 6), (b, 6)] { distinct = max(distinct, x.distinctCount(upTo: limit)) }
      if distinct <= 5 { distinct = Set(a.distinctValues(upTo: 6) + b.distinctValues(upTo: 6)).count }
      if distinct > 5 { return .evidently(large ? .wasserstein : .ks) }
      return large ? .evidently(.jensenShannon) : .evidently(distinct > 2 ? .chisquare : .z)
    case .categorical, .boolean:
      if large { return .evidently(.jensenShannon) }
      return .evidently((table?.occurring.reference.count ?? 0) > 2 ? .chisquare : .z)
    }
  }

  /// Whether the profiles, if there are any, still hold every value.
  private var isExact: Bool { errorBound == 0 && !reference.isThinned && !current.isThinned }

  /// Runs one test.
  /// - Parameter known: the judging test's outcome, so that a null which is the same question is not computed again.
  func run(_ test: DriftTest, known: Outcome? = nil) throws(NotComputable) -> Outcome {
    switch test {
    case .own(let own): return try run(own, known)
    case .evidently(let test):
      guard errorBound == nil || isExact else { throw NotComputable("Evidently's number needs the data, and a side is a profile") }
      let result: TestResult
      // Evidently's chi-squared and z take a numeric column with few values, though they are registered for categories.
      if let (a, b) = samples {
        result = try test.score(a, b, isInteger: reference.isInteger && current.isInteger)
      } else if let table {
        result = try test.score(table)
      } else {
        throw NotComputable("\(test.rawValue) does not fit a \(type.rawValue) column")
      }
      return Outcome(test: .evidently(test), result: result, pValue: test.isDistance ? nil : result.pValue, isDistance: test.isDistance)
    }
  }

  private func run(_ test: DriftTest.Own, _ known: Outcome?) throws(NotComputable) -> Outcome {
    if test == .domainClassifier {
      guard case .texts(let a, _) = reference.content, case .texts(let b, _) = current.content else { throw NotComputable("it takes texts") }
      return outcome(test, try TextClassifier.test(a, b))
    }
    if let distance = test.binned {
      let counts = try binnedCounts()
      let value = try distance.distance(counts)
      let p =
        counts.occurring.reference.count < 2 ? 1 : counts.smallestExpected >= 5 ? try ChiSquared.test(counts).pValue : try BinnedNull.pValue(distance, counts)
      return Outcome(test: .own(test), result: TestResult(statistic: value, pValue: p), pValue: p, isDistance: true)
    }
    if !test.takesNumbers {
      guard let table else { throw NotComputable("\(test.rawValue) takes categories") }
      return outcome(test, try categorical(test, table))
    }
    guard let (a, b) = samples else { throw NotComputable("\(test.rawValue) takes numbers") }
    if let bound = errorBound, !isExact {
      try Sample.requireValues(a, b)
      switch test {
      case .ks: return outcome(test, try fromProfile(a, b, bound))
      case .wasserstein, .energy:
        let value = test == .wasserstein ? try CDFDistance.normedWasserstein(a, b) : try CDFDistance.energy(a, b)
        let p = try fromProfile(a, b, bound).pValue
        return Outcome(test: .own(test), result: TestResult(statistic: value, pValue: p), pValue: p, isDistance: true)
      default: throw NotComputable("\(test.rawValue) needs the data, and a side is a profile")
      }
    }
    switch test {
    case .mmd: return outcome(test, try MaximumMeanDiscrepancy.test(FeatureMatrix(columns: [a.values]), FeatureMatrix(columns: [b.values])))
    case .wasserstein, .energy:
      let value = test == .wasserstein ? try CDFDistance.normedWasserstein(a, b) : try CDFDistance.energy(a, b)
      let p: Double
      if let known, known.test == .own(.ks), a.count + b.count > CDFNull.largestPermuted {
        p = known.result.pValue
      } else {
        p = try CDFNull.pValue(a, b, squared: test == .energy)
      }
      return Outcome(test: .own(test), result: TestResult(statistic: value, pValue: p), pValue: p, isDistance: true)
    case .cramerVonMises: return outcome(test, try CramerVonMises.test(a, b))
    case .andersonDarling: return outcome(test, try AndersonDarling.test(a, b))
    case .mannWhitney: return outcome(test, try MannWhitney.test(a, b))
    case .eppsSingleton: return outcome(test, try EppsSingleton.test(a, b))
    case .t: return outcome(test, try MeanTests.student(a, b))
    case .welch: return outcome(test, try MeanTests.welch(a, b))
    case .levene: return outcome(test, try MeanTests.levene(a, b))
    default: return outcome(test, try KolmogorovSmirnov.test(a, b))
    }
  }

  private func categorical(_ test: DriftTest.Own, _ table: CategoryCounts) throws(NotComputable) -> TestResult {
    switch test {
    case .chiSquaredPermutation:
      return try ChiSquared.permutation(table, tables: min(1999, max(199, 4_000_000 / max(1, table.reference.count))))
    case .g: return try ChiSquared.likelihoodRatio(table)
    case .z, .fisher:
      let two = table.occurring
      guard two.reference.count <= 2 else { throw NotComputable("\(test.rawValue) takes two categories, and there are \(two.reference.count)") }
      guard two.reference.count == 2 else { return TestResult(statistic: 0, pValue: 1) }
      return test == .z
        ? try TwoProportions.z(two.reference[1], of: two.referenceTotal, two.current[1], of: two.currentTotal)
        : try TwoProportions.fisher(two.reference[1], two.reference[0], two.current[1], two.current[0])
    default: return try ChiSquared.test(table)
    }
  }

  private func outcome(_ test: DriftTest.Own, _ result: TestResult) -> Outcome {
    Outcome(test: .own(test), result: result, pValue: result.pValue, isDistance: false)
  }

  /// The share of the mass that moved.
  func effect(_ outcome: Outcome?) -> Double? {
    if let outcome, outcome.test == .own(.domainClassifier) { return max(0, 2 * outcome.result.statistic - 1) }
    do throws(NotComputable) {
      if let table { return try BinnedDistance.totalVariation.distance(table) }
      if let (a, b) = samples {
        if let outcome, case .own(.ks) = outcome.test { return outcome.result.statistic }
        return try KolmogorovSmirnov.distance(a, b)
      }
      if case .texts(_, let a) = reference.content, case .texts(_, let b) = current.content {
        return try BinnedDistance.totalVariation.distance(PreparedColumn.table(a, b).counts)
      }
      return nil
    } catch {
      return nil
    }
  }

  private func binnedCounts() throws(NotComputable) -> CategoryCounts {
    if let table { return table }
    guard let (a, b) = samples else { throw NotComputable("it takes numbers or categories") }
    try Sample.requireValues(a, b)
    let bins = try Bins.quantiles(of: a)
    // A profile's representatives stand for all its rows.
    func counts(_ sample: Sample, _ side: PreparedColumn) -> [Int] {
      let counts = bins.counts(sample)
      guard side.isThinned else { return counts }
      return counts.map { Int((Double($0) * Double(side.finite) / Double(sample.count)).rounded()) }
    }
    return CategoryCounts(reference: counts(a, reference), current: counts(b, current))
  }

  /// Both sides' finite numbers, for columns of numbers.
  private var samples: (Sample, Sample)? {
    guard let a = reference.numbers, let b = current.numbers else { return nil }
    return (a.finite, b.finite)
  }
}

extension PreparedColumn {
  /// The numbers, if it is a column of numbers.
  var numbers: Sample? {
    guard case .numbers(let sample) = content else { return nil }
    return sample
  }

  /// Whether the numbers stand for more than there are of them.
  var isThinned: Bool { rankError != nil && (numbers?.finite.count ?? finite) < finite }

  /// Values that a test counts.
  var finite: Int { present - infinite }
}

extension Sample {
  /// The distinct values, at most `limit` + 1 of them.
  func distinctValues(upTo limit: Int) -> [Double] {
    var result: [Double] = []
    for value in values where value != result.last {
      result.append(value)
      if result.count > limit { break }
    }
    return result
  }

  static func requireValues(_ reference: Sample, _ current: Sample) throws(NotComputable) {
    guard !reference.isEmpty else { throw NotComputable("the reference has no values") }
    guard !current.isEmpty else { throw NotComputable("the current data have no values") }
  }
}
