internal import Foundation
internal import Statistics

/// Made data: the same seed gives the same bytes on every machine.
///
/// Thirty numeric columns (normal, skewed, uniform, amounts with two decimals, whole numbers, two with missing cells) and five of categories.
struct DataFiles {
  let rows: Int
  let seed: UInt64
  /// By how many standard deviations the numbers of every tenth column are moved.
  let shift: Double

  private static let kinds: [Kind] = (0..<30).map { index in
    switch index {
    case 0..<12: .normal(mean: Double(index * 10), deviation: 1 + Double(index))
    case 12..<18: .skewed(scale: Double(index - 11))
    case 18..<24: .uniform(width: pow(10, Double(index - 20)))
    case 24..<27: .amount(scale: Double(index * 40))
    case 27: .whole(below: 90)
    default: .sometimes(missing: Double(index - 27) / 100)
    }
  }

  private static let categories: [[String]] = [
    ["yes", "no"], ["north", "east", "south", "west"], ["web", "branch", "phone", "partner", "app", "letter", "other"],
    (1...20).map { "group \($0)" }, (1...50).map { "C\(100 + $0)" },
  ]

  private enum Kind {
    case normal(mean: Double, deviation: Double)
    case skewed(scale: Double)
    case uniform(width: Double)
    case amount(scale: Double)
    case whole(below: Int)
    case sometimes(missing: Double)
  }

  /// Writes the file, some megabytes in memory at a time.
  func write(to path: String) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
      throw LogBenchmark.Failed(what: "\(path) cannot be written")
    }
    defer { try? file.close() }
    var random = RandomSource(seed: seed)
    let names = DataFiles.kinds.indices.map { "n\($0)" } + DataFiles.categories.indices.map { "c\($0)" }
    var text = Array((names.joined(separator: ",") + "\n").utf8)
    let categories = DataFiles.categories.map { $0.map { Array($0.utf8) } }
    for row in 0..<rows {
      for (index, kind) in DataFiles.kinds.enumerated() {
        DataFiles.append(kind, &random, shift: index % 10 == 0 ? shift : 0, &text)
        text.append(0x2c)
      }
      for (index, values) in categories.enumerated() {
        // The first categories are the more frequent ones.
        let share = random.uniform()
        text.append(contentsOf: values[Int(share * share * Double(values.count))])
        text.append(index + 1 < categories.count ? 0x2c : 0x0a)
      }
      if text.count > 4 << 20 || row + 1 == rows {
        try file.write(contentsOf: Data(text))
        text.removeAll(keepingCapacity: true)
      }
    }
  }

  private static func append(_ kind: Kind, _ random: inout RandomSource, shift: Double, _ text: inout [UInt8]) {
    switch kind {
    case .normal(let mean, let deviation): append((random.normal() + shift) * deviation + mean, decimals: 6, &text)
    case .skewed(let scale): append(-log(1 - random.uniform()) * scale + shift, decimals: 6, &text)
    case .uniform(let width): append((random.uniform() + shift) * width, decimals: 6, &text)
    case .amount(let scale): append(-log(1 - random.uniform()) * scale, decimals: 2, &text)
    case .whole(let below): append(Double(Int(random.uniform() * Double(below))), decimals: 0, &text)
    case .sometimes(let missing):
      let value = random.normal()
      if random.uniform() >= missing { append(value, decimals: 6, &text) }
    }
  }

  /// A decimal number with so many decimals.
  private static func append(_ value: Double, decimals: Int, _ text: inout [UInt8]) {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let whole = Int64((value * scale).rounded())
    if whole < 0 { text.append(0x2d) }
    var rest = whole.magnitude
    var digits: (UInt64, Int) = (0, 0)
    // Reversed digits, one a nibble: no number here has more than sixteen.
    while rest > 0 || digits.1 <= decimals {
      digits = (digits.0 << 4 | rest % 10, digits.1 + 1)
      rest /= 10
    }
    while digits.1 > 0 {
      if digits.1 == decimals { text.append(0x2e) }
      text.append(0x30 + UInt8(digits.0 & 15))
      digits = (digits.0 >> 4, digits.1 - 1)
    }
  }
}
