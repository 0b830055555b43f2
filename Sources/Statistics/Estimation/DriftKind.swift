/// What moved, with the evidence: the inputs, the classes' shares, or what the inputs mean.
public struct DriftKind: Sendable, Hashable, Codable {
  /// A kind of drift.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// P(x): the inputs' distribution.
    case covariate
    /// P(y): the classes' shares.
    case prior
    /// P(y|x): what the inputs mean. The model is wrong now, whatever comes in.
    case concept
  }

  /// What speaks for or against a kind.
  public struct Evidence: Sendable, Hashable, Codable {
    /// What the evidence is about.
    public let kind: Kind
    /// Whether it speaks for it; nil when it cannot be told.
    public let isPresent: Bool?
    /// In words and numbers.
    public let because: String
  }

  /// A test of labels, and the share of them that moved.
  public struct Moved: Sendable, Hashable {
    /// Whether it is more than chance.
    public let test: TestResult
    /// 0...1.
    public let effect: Double

    /// Takes the values as they are; nothing is checked.
    public init(test: TestResult, effect: Double) {
      self.test = test
      self.effect = effect
    }
  }

  /// Less of the labels than this is no prior drift, however many rows say so; the same as of columns in `auto`.
  public static let minimumEffect = 0.1

  /// One for each kind.
  public let evidence: [Evidence]

  /// The kinds that are present.
  public var kinds: [Kind] { evidence.filter { $0.isPresent == true }.map(\.kind) }

  /// - Parameters:
  ///   - driftedInputs: how many input columns drifted, and of how many.
  ///   - labels: the test of the classes' shares, from labels, and how much of them moved (total variation distance); nil without.
  ///   - shift: their estimate without labels; used when `labels` is nil.
  ///   - estimatedAccuracy: what the model's confidence promises for these rows (CBPE): what covariate drift explains.
  ///   - priorCorrectedAccuracy: the least that the reference's recall by class gives with the new shares: what prior drift explains.
  ///   - accuracy: what the labels show, with its interval; nil without labels.
  public init(
    driftedInputs: (count: Int, of: Int)?, labels: Moved?, shift: LabelShift?, estimatedAccuracy: Estimate?,
    priorCorrectedAccuracy: Double?, accuracy: Estimate?, significance: Double = 0.05
  ) {
    evidence =
      DriftKind.others(driftedInputs, labels, shift, significance) + [DriftKind.concept(estimatedAccuracy, priorCorrectedAccuracy, accuracy)]
  }

  /// Of a regression.
  /// - Parameters:
  ///   - driftedInputs: how many input columns drifted, and of how many.
  ///   - labels: the test of the labels' law, and how much of it moved (the distance of Kolmogorov and Smirnov); nil without.
  ///   - estimatedError: the mean absolute error that the inputs promise (DLE): what covariate drift explains.
  ///   - error: the mean absolute error that the labels show, with its interval; nil without labels.
  public init(driftedInputs: (count: Int, of: Int)?, labels: Moved?, estimatedError: Estimate?, error: Estimate?, significance: Double = 0.05) {
    evidence = DriftKind.others(driftedInputs, labels, nil, significance) + [DriftKind.concept(estimatedError, error)]
  }

  private static func others(_ driftedInputs: (count: Int, of: Int)?, _ labels: Moved?, _ shift: LabelShift?, _ significance: Double) -> [Evidence] {
    var evidence: [Evidence] = []
    if let inputs = driftedInputs {
      evidence.append(Evidence(kind: .covariate, isPresent: inputs.count > 0, because: "\(inputs.count) of \(inputs.of) inputs drifted"))
    } else {
      evidence.append(Evidence(kind: .covariate, isPresent: nil, because: "the inputs were not compared"))
    }
    if let labels {
      evidence.append(
        Evidence(
          kind: .prior, isPresent: labels.test.pValue <= significance && labels.effect >= DriftKind.minimumEffect,
          because: "\(DriftKind.short(labels.effect)) of the labels moved, p = \(DriftKind.short(labels.test.pValue))"))
    } else if let shift {
      let moved = zip(shift.before, shift.estimated).reduce(0.0) { $0 + abs($1.0 - $1.1) } / 2
      evidence.append(
        Evidence(
          kind: .prior, isPresent: moved >= DriftKind.minimumEffect,
          because: "the predictions point to \(DriftKind.short(moved)) of the labels having moved, if nothing else has"))
    } else {
      evidence.append(Evidence(kind: .prior, isPresent: nil, because: "there are neither labels nor an estimate of them"))
    }
    return evidence
  }

  /// Accuracy below everything that the other kinds explain is concept drift.
  private static func concept(_ estimated: Estimate?, _ corrected: Double?, _ accuracy: Estimate?) -> Evidence {
    guard let accuracy else { return Evidence(kind: .concept, isPresent: nil, because: "without labels it cannot be seen") }
    let explained = [estimated?.low, corrected].compactMap { $0 }.min()
    guard let explained else { return Evidence(kind: .concept, isPresent: nil, because: "there is no estimate to hold the accuracy against") }
    let isBelow = accuracy.high < explained
    return Evidence(
      kind: .concept, isPresent: isBelow,
      because:
        "accuracy is \(short(accuracy.value)) (at most \(short(accuracy.high))), and \(short(explained)) is what the inputs and the classes' shares explain")
  }

  /// An error above everything that the inputs explain is concept drift.
  private static func concept(_ estimated: Estimate?, _ error: Estimate?) -> Evidence {
    guard let error else { return Evidence(kind: .concept, isPresent: nil, because: "without labels it cannot be seen") }
    guard let estimated else { return Evidence(kind: .concept, isPresent: nil, because: "there is no estimate to hold the error against") }
    return Evidence(
      kind: .concept, isPresent: error.low > estimated.high,
      because: "the mean absolute error is \(short(error.value)) (at least \(short(error.low))), and \(short(estimated.high)) is what the inputs explain")
  }

  private static func short(_ value: Double) -> String { value < 0.001 ? "below 0.001" : "\((value * 1000).rounded() / 1000)" }
}
