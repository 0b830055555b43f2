internal import ArgumentParser
internal import Profiles
internal import Statistics
internal import Values

struct Detect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect",
    abstract: "Runs a streaming detector over a column; prints where it raised drift.",
    discussion: guide(
      "Detectors: \(AnyStreamDetector.names.joined(separator: ", ")); ddm and eddm take errors, 0 or 1. Indices begin with 0.",
      example: "kedge detect --detector adwin --column error errors.csv -o json"))

  @Option(help: "Its name.") var detector: String
  @Option(help: "The column.") var column: String
  @Argument(help: "What `kedge compare` reads; - for standard input.", completion: .file()) var file: String
  @OptionGroup var source: SourceOptions
  @OptionGroup var common: CommonOptions

  func validate() throws { _ = try parsed() }

  func run() async throws {
    let (file, column, parsed) = (file, column, try parsed())
    let reading = try source.reading()
    let (rows, found) = try await onThread {
      var reading = reading
      reading.types[column] = .numeric
      let values = try TableReader.read(path: file, options: reading).numbers(column)
      if AnyStreamDetector.takesErrorsOnly.contains(parsed.name), let index = values.firstIndex(where: { $0 != 0 && $0 != 1 && !$0.isNaN }) {
        throw Complaint(.badUsage, "\(file): row \(index): column \"\(column)\": \(parsed.name) counts errors; expected 0 or 1")
      }
      var running = parsed
      return (values.count, running.run(values))
    }
    Renderer(format: common.output).document(
      [
        "detector": .string(parsed.name), "rows": JSON(rows), "drift": .array(found.drift.map { JSON($0) }), "warning": .array(found.warning.map { JSON($0) }),
      ]
    ) {
      let list = found.drift.map(String.init).joined(separator: common.output == .name ? "\n" : ", ")
      if common.output == .name { return list }
      return found.drift.isEmpty ? "no drift in \(rows) rows" : "drift at \(list), in \(rows) rows"
    }
  }

  private func parsed() throws -> AnyStreamDetector {
    guard let found = AnyStreamDetector(detector) else {
      throw ValidationError("--detector \(detector): there is no such detector; expected \(AnyStreamDetector.names.joined(separator: ", "))")
    }
    return found
  }
}
