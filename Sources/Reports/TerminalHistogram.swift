public import Profiles

/// A distribution in one line of a terminal, by Unicode's blocks.
public enum TerminalHistogram {
  /// Both sides on one scale, as many blocks as asked for at most: bins of numbers, or the most frequent categories, the same on both sides. A block
  /// of the lowest height holds something; a space nothing.
  public static func blocks(_ distribution: ColumnDistribution, width: Int = 10) -> (reference: String, current: String) {
    let (a, b) = distribution.edges.isEmpty ? categories(distribution, width) : (gathered(distribution.reference, width), gathered(distribution.current, width))
    let top = (a + b).max() ?? 0
    return (text(a, top), text(b, top))
  }

  private static func categories(_ distribution: ColumnDistribution, _ width: Int) -> ([Double], [Double]) {
    let shown = distribution.categories.prefix(width)
    return (shown.map(\.reference), shown.map(\.current))
  }

  private static func gathered(_ shares: [Double], _ width: Int) -> [Double] {
    // As many bins to every block, so that heights can be compared.
    let each = (shares.count + width - 1) / max(1, width)
    return stride(from: 0, to: shares.count, by: max(1, each)).map { shares[$0..<min(shares.count, $0 + each)].reduce(0, +) }
  }

  private static func text(_ shares: [Double], _ top: Double) -> String {
    String(shares.map { share in top > 0 && share > 0 ? levels[min(7, Int(share / top * 7.999))] : " " })
  }

  private static let levels: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
}
