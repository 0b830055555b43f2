internal import Embedded
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
    guard let url = EmbeddedCluster.url(directory: directory) else {
      throw Complaint(
        .failed, "no database: no instance runs in \(directory); start one with `kedge up`, or name a database with --database or KEDGE_DATABASE_URL")
    }
    self.url = url
  }

  /// The directory of the embedded instance.
  static func directory(_ options: CommonOptions) -> String {
    options.directory ?? ProcessInfo.processInfo.environment["KEDGE_DIRECTORY"] ?? ".kedge"
  }
}
