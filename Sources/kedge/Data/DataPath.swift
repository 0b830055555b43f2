internal import Foundation
internal import Profiles

/// A data file as the log names it: by an absolute path, or by its URL.
enum DataPath {
  /// Made absolute against the current directory; URLs stay as they are.
  static func absolute(_ path: String) -> String { RemoteFile.isRemote(path) ? path : URL(fileURLWithPath: path).standardizedFileURL.path }

  /// Whether it can be read, as far as that is known before it is: of a URL its server decides.
  static func isReadable(_ path: String) -> Bool { RemoteFile.isRemote(path) || FileManager.default.isReadableFile(atPath: path) }
}
