internal import Foundation
internal import Values

/// What was measured.
struct Report: Sendable {
  struct Result: Sendable {
    let name: String
    let ours: Double
    /// Nil when there is nothing to compare with.
    let peer: Double?
    let unit: String
    /// Ours to the peer's; the median of the rounds, in which both ran side by side.
    let ratio: Double?
    /// What the peer is.
    let beside: String
    /// What it should be; nil when nothing was promised.
    let goal: Goal?
    /// Runnable processes of the last minute when it was measured.
    let load: Double

    var isMissed: Bool {
      switch goal {
      case nil: false
      case .ratioAtLeast(let least): ratio.map { $0 < least } ?? true
      case .atLeast(let least): ours < least
      case .atMost(let most): ours > most
      case .within(let least, let most): ours < least || ours > most
      }
    }
  }

  enum Goal: Sendable {
    case ratioAtLeast(Double)
    case atLeast(Double)
    case atMost(Double)
    case within(Double, Double)

    var text: String {
      switch self {
      case .ratioAtLeast(let least): String(format: "ratio ≥ %.2f", least)
      case .atLeast(let least): "≥ \(Report.digits(least))"
      case .atMost(let most): "≤ \(Report.digits(most))"
      case .within(let least, let most): "\(Report.digits(least)) to \(Report.digits(most))"
      }
    }
  }

  var machine: Machine
  private(set) var results: [Result] = []

  init(machine: Machine) { self.machine = machine }

  /// - Parameter ratio: nil: ours to the peer's; `.some(nil)`: a ratio would say nothing.
  mutating func add(_ name: String, _ ours: Double, unit: String, peer: Double? = nil, ratio: Double?? = nil, beside: String = "", goal: Goal? = nil) {
    let result = Result(
      name: name, ours: ours, peer: peer, unit: unit, ratio: ratio ?? peer.map { ours / $0 }, beside: beside, goal: goal, load: Machine.load())
    results.append(result)
    let ratio = result.ratio.map { String(format: ", %.2f of %@", $0, beside) } ?? result.peer.map { ", \(Report.digits($0)) \(beside)" } ?? ""
    Bench.note("  \(name): \(Report.digits(ours)) \(unit)\(ratio)")
  }

  var json: JSON {
    [
      "machine": machine.json,
      "results": .array(
        results.map { result in
          JSON([
            ("name", .string(result.name)), ("ours", JSON(result.ours)), ("peer", JSON(result.peer)), ("unit", .string(result.unit)),
            ("ratio", JSON(result.ratio.map { ($0 * 1000).rounded() / 1000 })), ("beside", result.beside.isEmpty ? nil : .string(result.beside)),
            ("goal", result.goal.map { .string($0.text) }),
            ("missed", result.goal.map { _ in .bool(result.isMissed) }), ("load", JSON((result.load * 10).rounded() / 10)),
          ])
        }),
    ]
  }

  var table: String {
    let rows = results.map { result in
      [
        result.name, Report.digits(result.ours), result.peer.map(Report.digits) ?? "", result.unit,
        result.ratio.map { String(format: "%.2f", $0) } ?? "", String(format: "%.1f", result.load),
        result.goal.map { (result.isMissed ? "missed: " : "met: ") + $0.text } ?? "", result.beside,
      ]
    }
    let all = [["", "ours", "peer", "unit", "ratio", "load", "goal", "beside"]] + rows
    let widths = (0..<8).map { column in all.map { $0[column].count }.max() ?? 0 }
    func pad(_ text: String, _ column: Int) -> String {
      let space = String(repeating: " ", count: widths[column] - text.count)
      return (1...2).contains(column) || (4...5).contains(column) ? space + text : text + space
    }
    let lines = all.map { row in row.enumerated().map { pad($0.element, $0.offset) }.joined(separator: "  ") }
    return """
      \(machine.cores) cores of \(machine.processor), \(machine.memory >> 30) GiB, \(machine.system); \(machine.postgres.map { "PostgreSQL \($0.version), fsync \($0.fsync); " } ?? "")\
      load \(String(format: "%.1f", machine.loadBefore)) before and \(String(format: "%.1f", machine.loadAfter)) after

      \(lines.joined(separator: "\n"))

      \(results.contains { $0.isMissed } ? "Goals missed: \(results.filter(\.isMissed).map(\.name).joined(separator: "; "))" : "Every goal was met.")
      """
  }

  /// Four digits, and thousands set apart.
  static func digits(_ value: Double) -> String {
    guard value >= 1000 else { return String(format: value < 10 ? "%.2f" : "%.0f", value) }
    var text = String(format: "%.0f", value)
    var place = text.count - 3
    while place > 0 {
      text.insert(" ", at: text.index(text.startIndex, offsetBy: place))
      place -= 3
    }
    return text
  }
}

extension Array where Element == Double {
  /// The value below which a share of them lies; 0 when there is none.
  func quantile(_ share: Double) -> Double {
    guard !isEmpty else { return 0 }
    return sorted()[Swift.min(count - 1, Int(Double(count) * share))]
  }

  var median: Double { quantile(0.5) }
}
