internal import Foundation
internal import Reports
internal import Values

/// Reports, and what goes into them, as files.
enum ReportFile {
  /// Whether the name says what is to be written.
  static func isNamedWell(_ path: String) -> Bool { isPage(path) || path.lowercased().hasSuffix(".json") }

  private static func isPage(_ path: String) -> Bool { path.lowercased().hasSuffix(".html") || path.lowercased().hasSuffix(".htm") }

  /// - Throws: `Complaint` when the file cannot be written.
  static func write(_ report: DriftReport, to path: String) throws {
    let text = isPage(path) ? report.html : report.json.text(.indented) + "\n"
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw Complaint(.failed, "\(path): the report cannot be written: \(error.localizedDescription); check the directory and its rights")
    }
  }

  /// What a monitor recorded.
  /// - Throws: `Complaint` when the file cannot be read or holds something else.
  static func history(_ path: String) throws -> MeasurementHistory {
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw Complaint(.badUsage, "\(path): the history cannot be read: \(error.localizedDescription)")
    }
    guard let json = try? JSON(parsing: bytes), let history = MeasurementHistory(json: json) else {
      throw Complaint(.badUsage, "\(path): this is no list of measurements; make one with: kedge get measurements MONITOR -o json")
    }
    return history
  }
}
