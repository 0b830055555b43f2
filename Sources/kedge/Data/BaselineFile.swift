internal import Crypto
internal import Foundation
internal import Lifecycle
internal import Profiles

/// A file that is pinned as a monitor's reference.
struct BaselineFile {
  let path: String

  /// - Parameter path: made absolute against the current directory.
  init(_ path: String) { self.path = URL(fileURLWithPath: path).standardizedFileURL.path }

  /// What its content is at this moment.
  /// - Throws: a complaint when it cannot be read; `TableError` when it is no table.
  func pinned() throws -> BaselinePinned {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Complaint(.badUsage, "\(path): the baseline cannot be read; name a file that is there and that you may read")
    }
    let table = try TableReader.read(path: path)
    let digest = SHA256.hash(data: data).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    return BaselinePinned(path: path, sha256: digest, rows: table.rowCount)
  }
}
