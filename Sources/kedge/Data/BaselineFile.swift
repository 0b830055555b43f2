internal import Foundation
internal import Lifecycle
internal import Projections
internal import Workers

/// A file that is pinned as a monitor's reference.
struct BaselineFile {
  let path: String

  /// - Parameter path: made absolute against the current directory.
  init(_ path: String) { self.path = DataPath.absolute(path) }

  /// What its content is at this moment.
  /// - Throws: a complaint when it cannot be read; `TableError` when it is no table.
  func read(for monitor: MonitorSpecification, task: ModelSpecification.Task) throws -> BaselineReading {
    guard DataPath.isReadable(path) else {
      throw Complaint(.badUsage, "\(path): the baseline cannot be read; name a file that is there and that you may read")
    }
    return try BaselineReading(path, for: monitor, task: task)
  }
}
