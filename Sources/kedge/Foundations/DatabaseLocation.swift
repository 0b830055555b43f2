internal import Foundation

/// Where the database is.
struct DatabaseLocation {
  let url: String

  init(_ options: CommonOptions) throws(Complaint) {
    let environment = ProcessInfo.processInfo.environment
    if let url = options.database ?? environment["KEDGE_DATABASE_URL"], !url.isEmpty {
      self.url = url
      return
    }
    let directory = DatabaseLocation.directory(options)
    guard let text = try? String(contentsOfFile: DatabaseLocation.urlFile(in: directory), encoding: .utf8) else {
      throw Complaint(
        .failed, "no database: no instance runs in \(directory); start one with `kedge up`, or name a database with --database or KEDGE_DATABASE_URL")
    }
    url = text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The directory of the embedded instance.
  static func directory(_ options: CommonOptions) -> String {
    options.directory ?? ProcessInfo.processInfo.environment["KEDGE_DIRECTORY"] ?? ".kedge"
  }

  /// `up` writes the URL there while it runs.
  static func urlFile(in directory: String) -> String { directory + "/database-url" }
}
