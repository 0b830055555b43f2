internal import ArgumentParser
internal import Declarations
internal import Foundation
internal import Lifecycle

/// The files that `apply` and `diff` are given.
struct FileOptions: ParsableArguments {
  @Option(
    name: .customShort("f"), parsing: .upToNextOption,
    help: ArgumentHelp("Files, directories of .yaml and .yml files, or - for standard input; may be repeated.", valueName: "file"))
  var files: [String] = []

  func validate() throws {
    if files.isEmpty { throw ValidationError("no file: name one with -f") }
  }

  /// What is to be read, in order.
  func sources() throws(Complaint) -> [DeclarationSource] {
    var sources: [DeclarationSource] = []
    for file in files { for path in try paths(file) { sources.append(try source(path)) } }
    return sources
  }

  private func paths(_ file: String) throws(Complaint) -> [String] {
    var isDirectory: ObjCBool = false
    guard file != "-", FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory), isDirectory.boolValue else { return [file] }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: file)) ?? []).filter {
      !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml"))
    }
    guard !names.isEmpty else { throw Complaint(.badUsage, "\(file): the directory has no .yaml or .yml files; name one that has") }
    return names.sorted().map { file + "/" + $0 }
  }

  private func source(_ path: String) throws(Complaint) -> DeclarationSource {
    let here = FileManager.default.currentDirectoryPath
    if path == "-" {
      return DeclarationSource(file: "standard input", directory: here, bytes: Array(FileHandle.standardInput.readDataToEndOfFile()))
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Complaint(.badUsage, "\(path): the file cannot be read; name one that is there and that you may read")
    }
    let absolute = URL(fileURLWithPath: path).standardizedFileURL
    return DeclarationSource(file: path, directory: absolute.deletingLastPathComponent().path, bytes: Array(data))
  }
}
