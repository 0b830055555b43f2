/// The `d` of an SVG path, to tenths of a unit, so that the same numbers give the same bytes everywhere.
struct PathData: Sendable {
  private(set) var text = ""

  mutating func move(_ x: Double, _ y: Double) { append("M", x, y) }
  mutating func line(_ x: Double, _ y: Double) { append("L", x, y) }
  mutating func horizontal(_ x: Double) { text += "H" + PathData.tenths(x) }
  mutating func vertical(_ y: Double) { text += "V" + PathData.tenths(y) }
  mutating func close() { text += "Z" }
  /// A point: a line without length, which a round cap makes visible.
  mutating func dot(_ x: Double, _ y: Double) {
    move(x, y)
    text += "h0"
  }

  private mutating func append(_ command: String, _ x: Double, _ y: Double) {
    text += command
    text += PathData.tenths(x)
    text += " "
    text += PathData.tenths(y)
  }

  /// `12.3`; what is not finite or far outside any picture is 0.
  static func tenths(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e6 else { return "0" }
    let tenths = Int((value * 10).rounded())
    let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
    let digits = rest == 0 ? String(whole) : "\(whole).\(rest)"
    return tenths < 0 ? "-" + digits : digits
  }
}
