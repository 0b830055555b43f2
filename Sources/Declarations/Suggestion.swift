/// Finds what was probably meant by a word that nobody knows.
enum Suggestion {
  /// The candidate at the smallest distance from `word`, if that is at most a third of its length, or one edit.
  static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let folded = fold(word)
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
      let distance = distance(folded, fold(candidate))
      if distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    guard let best, best.distance <= max(1, max(word.count, best.candidate.count) / 3), best.distance < min(word.count, best.candidate.count) else {
      return nil
    }
    return best.candidate
  }

  private static func fold(_ text: String) -> [Character] { Array(text.lowercased().replacing("-", with: "_").prefix(64)) }

  /// Insertions, deletions, replacements and swaps of neighbours. Source: Damerau (1964), restricted form.
  static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in 0..<left.count {
      var row = [i + 1]
      for j in 0..<right.count {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { cost = min(cost, beforeLast[j - 1] + 1) }
        row.append(cost)
      }
      (beforeLast, last) = (last, row)
    }
    return last[right.count]
  }
}
