/// What is wrong with a data file, and where.
public struct TableError: Error, Sendable, Hashable, Codable {
  /// The file's path or the source's name, as the user gave it.
  public var source: String
  /// From 1, the header being line 1; nil when it concerns the whole file.
  public var line: Int?
  /// The column's name; nil when it concerns the whole line.
  public var column: String?
  /// The offending cell, at most 40 characters of it. It is data: it may be shown on a terminal, never recorded.
  public var cell: String?
  /// What is wrong, in words that follow the place (and the cell, if there is one).
  public var problem: String
  /// What to do about it.
  public var advice: String

  /// A cell of more than 40 characters is cut.
  public init(source: String, line: Int? = nil, column: String? = nil, cell: String? = nil, problem: String, advice: String) {
    self.source = source
    self.line = line
    self.column = column
    self.cell = cell.map { $0.count > 40 ? String($0.prefix(39)) + "…" : $0 }
    self.problem = problem
    self.advice = advice
  }

  /// One line without the cell's text, for events and service logs.
  public var withoutData: String { text(cell: cell == nil ? nil : "a cell") + "; \(advice)" }

  /// One line without the cell's text and without what to do.
  var withoutAdvice: String { text(cell: cell == nil ? nil : "a cell") }

  private func text(cell: String?) -> String {
    var place = source
    if let line { place += ":\(line)" }
    if let column { place += ": column \"\(column)\"" }
    return "\(place): \(cell.map { $0 + " " } ?? "")\(problem)"
  }
}

extension TableError: CustomStringConvertible {
  /// One line, as the command line prints it: `reference.csv:17: column "mean radius": "12,5" is not a number; …`.
  public var description: String { text(cell: cell.map { "\"\($0)\"" }) + "; \(advice)" }
}
