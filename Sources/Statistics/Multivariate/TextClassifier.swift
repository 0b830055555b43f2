internal import Foundation

/// Drift of a text column: can a classifier tell current texts from reference texts that it has not seen?
public enum TextClassifier {
  /// Most texts taken from a side; of more, this many drawn.
  public static let largestSide = 4000
  private static let dimensions = 1 << 14
  private static let epochs = 4

  /// The AUC on held-out texts of a logistic regression over hashed words and character trigrams; p from the Mann-Whitney law of that AUC when
  /// nothing changed (held-out texts are independent of the training, so it is exact but for ties). One-sided: only an AUC above ½ is drift.
  ///
  /// Half of each side trains, half judges; seeded, so that the same texts give the same answer.
  /// - Complexity: O(characters · epochs).
  /// - Throws: when a side has fewer than 8 texts.
  public static func test(_ reference: [String], _ current: [String], seed: UInt64 = 1) throws(NotComputable) -> TestResult {
    guard reference.count >= 8 else { throw NotComputable("the reference has \(reference.count) texts, and it takes 8") }
    guard current.count >= 8 else { throw NotComputable("the current data have \(current.count) texts, and it takes 8") }
    var random = RandomSource(seed: seed)
    let a = drawn(reference, &random).map(features)
    let b = drawn(current, &random).map(features)
    let (trainA, testA) = (a[..<(a.count / 2)], a[(a.count / 2)...])
    let (trainB, testB) = (b[..<(b.count / 2)], b[(b.count / 2)...])
    var training = trainA.map { ($0, false) } + trainB.map { ($0, true) }
    // Balanced: the smaller side counts more.
    let weightA = Double(training.count) / (2 * Double(trainA.count))
    let weightB = Double(training.count) / (2 * Double(trainB.count))
    var weights = [Double](repeating: 0, count: dimensions)
    var bias = 0.0
    var step = 1.0
    for _ in 0..<epochs {
      random.shuffle(&training)
      for (cells, isCurrent) in training {
        let scale = 1 / Double(max(1, cells.count)).squareRoot()
        let score = cells.reduce(bias) { $0 + weights[Int($1)] * scale }
        let gap = ((isCurrent ? 1 : 0) - 1 / (1 + exp(-score))) * (isCurrent ? weightB : weightA) * step
        for cell in cells { weights[Int(cell)] += gap * scale }
        bias += gap * 0.1
      }
      step *= 0.6
    }
    func scores(_ texts: ArraySlice<[UInt16]>) -> Sample {
      Sample(
        texts.map { cells in
          let scale = 1 / Double(max(1, cells.count)).squareRoot()
          return cells.reduce(0.0) { $0 + weights[Int($1)] * scale }
        })
    }
    let (scoresA, scoresB) = (scores(testA), scores(testB))
    let result = try MannWhitney.test(scoresA, scoresB, alternative: .referenceIsLess)
    let auc = 1 - result.statistic / (Double(scoresA.count) * Double(scoresB.count))
    return TestResult(statistic: auc, pValue: result.pValue)
  }

  private static func drawn(_ texts: [String], _ random: inout RandomSource) -> [String] {
    var indices = Array(texts.indices)
    random.shuffle(&indices)
    return indices.prefix(largestSide).map { texts[$0] }
  }

  /// The hashed words and character trigrams of a text, each once.
  private static func features(_ text: String) -> [UInt16] {
    var cells: Set<UInt16> = []
    var word: UInt64 = 0xcbf2_9ce4_8422_2325
    var inWord = false
    var trigram: UInt32 = 0
    var length = 0
    func add(_ hash: UInt64) { cells.insert(UInt16(truncatingIfNeeded: (hash &* 0x9e37_79b9_7f4a_7c15) >> 50)) }
    for byte in text.utf8.prefix(4096) {
      let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
      trigram = (trigram << 8 | UInt32(lower)) & 0xff_ffff
      length += 1
      if length >= 3 { add(UInt64(trigram) | 1 << 40) }
      if lower >= 0x80 || (lower >= 0x61 && lower <= 0x7a) || (lower >= 0x30 && lower <= 0x39) {
        word = (word ^ UInt64(lower)) &* 0x100_0000_01b3
        inWord = true
      } else if inWord {
        add(word)
        word = 0xcbf2_9ce4_8422_2325
        inWord = false
      }
    }
    if inWord { add(word) }
    // The text's length, coarsely, so that cut or padded texts are told apart.
    add(1 << 50 | UInt64(64 - length.leadingZeroBitCount))
    return cells.sorted()
  }
}
