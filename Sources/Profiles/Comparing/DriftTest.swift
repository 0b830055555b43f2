public import Statistics

/// A test or a distance for one column, by the name that users type.
public enum DriftTest: Hashable, Sendable {
  /// Ours.
  case own(Own)
  /// Evidently's variant, under Evidently's name.
  case evidently(EvidentlyTest)

  /// Ours, by name.
  public enum Own: String, Sendable, Hashable, Codable, CaseIterable {
    case ks, wasserstein, energy
    case cramerVonMises = "cramer_von_mises"
    case andersonDarling = "anderson_darling"
    case mannWhitney = "mann_whitney"
    case eppsSingleton = "epps_singleton"
    case t, welch, levene
    case chiSquared = "chi_squared"
    case chiSquaredPermutation = "chi_squared_permutation"
    case z, fisher, g
    case psi, kl
    case jensenShannon = "jensen_shannon"
    case hellinger
    case totalVariation = "total_variation"
    case lInfinity = "l_infinity"
    case domainClassifier = "domain_classifier"
    case mmd
    case pcaReconstruction = "pca_reconstruction"
  }

  /// From a name; nil when there is no such test.
  public init?(_ name: String) {
    if name.hasPrefix("evidently/") {
      guard let test = EvidentlyTest(rawValue: String(name.dropFirst("evidently/".count))) else { return nil }
      self = .evidently(test)
    } else {
      guard let test = Own(rawValue: name) else { return nil }
      self = .own(test)
    }
  }

  /// As users type it.
  public var name: String {
    switch self {
    case .own(let test): test.rawValue
    case .evidently(let test): "evidently/\(test.rawValue)"
    }
  }

  /// Every name there is.
  public static let names: [String] = Own.allCases.map(\.rawValue) + EvidentlyTest.allCases.map { "evidently/\($0.rawValue)" }

  /// The threshold when none is given: 0.05 for p-values of ours, 0.1 for distances of ours, Evidently's for Evidently's.
  public var defaultThreshold: Double {
    switch self {
    case .own(let test): test.isDistance ? 0.1 : 0.05
    case .evidently(let test): test.threshold
    }
  }

  /// Whether it fits columns of that type.
  public func fits(_ type: ColumnType) -> Bool {
    switch (self, type) {
    case (.own(let test), .numeric), (.own(let test), .datetime): test.takesNumbers
    case (.own(let test), .categorical), (.own(let test), .boolean): test.takesCategories
    case (.own(let test), .text): test == .domainClassifier
    case (.evidently(let test), .numeric): test.takesNumbers
    case (.evidently(let test), .categorical), (.evidently(let test), .boolean): test.takesCategories
    case (.evidently, .datetime), (.evidently, .text): false
    }
  }

  /// Whether it takes numbers, whatever type the column was inferred to be.
  var takesNumbers: Bool {
    switch self {
    case .own(let test): test.takesNumbers
    case .evidently(let test): test.takesNumbers
    }
  }
}

extension DriftTest.Own {
  /// Whether the score is a distance; else it is a p-value.
  public var isDistance: Bool { binned != nil || self == .wasserstein || self == .energy }

  /// Whether it judges all columns together.
  public var isMultivariate: Bool { self == .mmd || self == .pcaReconstruction || self == .domainClassifier }

  /// Whether it takes the numbers of one column.
  public var takesNumbers: Bool {
    switch self {
    case .chiSquared, .chiSquaredPermutation, .z, .fisher, .g, .domainClassifier, .pcaReconstruction: false
    default: true
    }
  }

  /// Whether it takes categories.
  public var takesCategories: Bool {
    switch self {
    case .chiSquared, .chiSquaredPermutation, .z, .fisher, .g: true
    default: binned != nil
    }
  }

  /// The distance between shares that it is, if it is one.
  var binned: BinnedDistance? { BinnedDistance(rawValue: rawValue) }
}

extension DriftTest: Codable {
  /// Reads a name as users type it. Throws `DecodingError` when there is no such test.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let test = DriftTest(name) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no test called \"\(name)\"")
    }
    self = test
  }

  /// Writes the name as users type it.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}
