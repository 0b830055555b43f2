/// Count, mean, spread and range of numbers, updated block by block and merged without keeping the numbers.
public struct Moments: Sendable, Hashable, Codable {
  public private(set) var count = 0
  public private(set) var mean = 0.0
  /// Σ (x − mean)².
  public private(set) var squares = 0.0
  /// Nil when empty.
  public private(set) var min: Double?
  public private(set) var max: Double?

  /// Has seen nothing.
  public init() {}

  /// Takes over what another program has seen: `squares` is Σ (x − mean)².
  public init(count: Int, mean: Double, squares: Double, min: Double?, max: Double?) {
    self.count = count
    self.mean = mean
    self.squares = squares
    self.min = min
    self.max = max
  }

  /// Whether the count is one that can be added to others, and the range one of finite numbers, as those of what was written elsewhere may not be.
  public var isSound: Bool { (0...QuantileSketch.mostValues).contains(count) && [min, max].allSatisfy { $0?.isFinite ?? true } }

  /// Takes finite numbers.
  /// - Source: Chan, Golub and LeVeque (1979).
  public mutating func add(_ values: [Double]) {
    guard let first = values.first else { return }
    var block = Moments()
    var (low, high) = (first, first)
    for value in values {
      if value < low { low = value }
      if value > high { high = value }
    }
    let center = Summation.mean(values)
    block.count = values.count
    block.mean = center
    block.squares = Summation.sum(values) { ($0 - center) * ($0 - center) }
    block.min = low
    block.max = high
    merge(block)
  }

  /// Takes what another has seen.
  public mutating func merge(_ other: Moments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let total = Double(count + other.count)
    let gap = other.mean - mean
    squares += other.squares + gap * gap * Double(count) * Double(other.count) / total
    mean += gap * Double(other.count) / total
    count += other.count
    min = [min, other.min].compactMap { $0 }.min()
    max = [max, other.max].compactMap { $0 }.max()
  }

  /// The sample's standard deviation (n − 1); nil below two values or when squares overflow.
  public var standardDeviation: Double? {
    guard count > 1, squares.isFinite else { return nil }
    return (squares / Double(count - 1)).squareRoot()
  }
}

extension Moments {
  private enum Key: CodingKey { case count, mean, squares, min, max }

  /// Reads what `encode(to:)` wrote: a mean that is not there is no number, squares that are not there are infinite.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    count = try values.decode(Int.self, forKey: .count)
    mean = try values.decodeIfPresent(Double.self, forKey: .mean) ?? .nan
    squares = try values.decodeIfPresent(Double.self, forKey: .squares) ?? .infinity
    min = try values.decodeIfPresent(Double.self, forKey: .min)
    max = try values.decodeIfPresent(Double.self, forKey: .max)
  }

  /// Huge numbers overflow, and JSON has neither infinity nor what is no number.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(count, forKey: .count)
    try values.encodeIfPresent(mean.isFinite ? mean : nil, forKey: .mean)
    try values.encodeIfPresent(squares.isFinite ? squares : nil, forKey: .squares)
    try values.encodeIfPresent(min, forKey: .min)
    try values.encodeIfPresent(max, forKey: .max)
  }
}
