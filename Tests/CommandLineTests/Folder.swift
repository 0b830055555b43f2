import Foundation

/// A folder of one test.
struct Folder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "kedge-test-" + UUID().uuidString.lowercased()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  func read(_ name: String) throws -> String { try String(contentsOf: URL(fileURLWithPath: path + "/" + name), encoding: .utf8) }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
