internal import Crypto
internal import Foundation
public import Lifecycle
public import PostgreSQL
internal import Profiles
internal import Values

/// Artifacts by their content, in PostgreSQL, in pieces.
public struct ArtifactStore: Sendable {
  private let database: PostgresClient
  /// Where artifacts that were read are kept, by their checksum.
  private let cache: String

  /// Bytes of a piece.
  static let chunk = 1 << 20

  /// - Parameter cache: a folder of this machine; made when it is not there.
  public init(_ database: PostgresClient, cache: String) {
    self.database = database
    self.cache = cache
  }

  /// Stores a file. Storing the same content again does nothing.
  /// - Throws: `ArtifactError.changed` when the file's content is not what `artifact` says.
  public func store(_ artifact: Artifact, from path: String) async throws {
    if try await !database.query("select 1 from kedge.artifact where sha256 = \(artifact.sha256)").isEmpty { return }
    guard let file = FileHandle(forReadingAtPath: path) else { throw ArtifactError.unreadable(path) }
    defer { try? file.close() }
    var hash = SHA256()
    var number = 0
    while let piece = try file.read(upToCount: ArtifactStore.chunk), !piece.isEmpty {
      hash.update(data: piece)
      // Pieces of a store that was cut off are written over: the content is the same.
      try await database.query(
        """
        insert into kedge.artifact_chunk (sha256, number, content) values (\(artifact.sha256), \(number), \([UInt8](piece)))
        on conflict (sha256, number) do update set content = excluded.content
        """)
      number += 1
    }
    guard hash.finalize().hexadecimal == artifact.sha256 else {
      try await database.query("delete from kedge.artifact_chunk where sha256 = \(artifact.sha256)")
      throw ArtifactError.changed(path)
    }
    try await database.query(
      "insert into kedge.artifact (sha256, size) values (\(artifact.sha256), \(artifact.size)) on conflict (sha256) do nothing")
  }

  /// The artifact as a file of this machine, verified.
  /// - Throws: `ArtifactError`.
  public func path(of artifact: Artifact) async throws -> String {
    let folder = "\(cache)/\(artifact.sha256)"
    let path = "\(folder)/\(artifact.name)"
    if FileManager.default.fileExists(atPath: path) { return path }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let partial = "\(folder)/.\(artifact.name).\(UUID().uuidString)"
    FileManager.default.createFile(atPath: partial, contents: nil)
    defer { try? FileManager.default.removeItem(atPath: partial) }
    guard let file = FileHandle(forWritingAtPath: partial) else { throw ArtifactError.unreadable(partial) }
    var hash = SHA256()
    for number in 0... {
      let row = try await database.query(
        "select content from kedge.artifact_chunk where sha256 = \(artifact.sha256) and number = \(number)"
      ).first
      guard let piece = try row?.decode([UInt8].self) else { break }
      hash.update(data: piece)
      try file.write(contentsOf: Data(piece))
    }
    try file.close()
    guard hash.finalize().hexadecimal == artifact.sha256 else { throw ArtifactError.corrupt(artifact.sha256) }
    guard rename(partial, path) == 0 else { throw ArtifactError.unreadable(path) }
    return path
  }
}

/// Why an artifact cannot be used.
public enum ArtifactError: Error, Equatable, Sendable, CustomStringConvertible {
  case unreadable(String)
  case changed(String)
  case corrupt(String)

  /// What is wrong with the file or the stored content.
  public var description: String {
    switch self {
    case .unreadable(let path): "\(path): the file cannot be opened"
    case .changed(let path): "\(path): the file changed while it was being stored"
    case .corrupt(let sha256): "artifact \(sha256): what is stored is missing or does not have this checksum"
    }
  }
}

extension Artifact {
  /// What a file's content is now.
  /// - Throws: `ArtifactError` when it cannot be read.
  init(file path: String) throws {
    let (sha256, size) = try checksum(ofFile: path)
    self.init(sha256: sha256, size: size, name: String(path.split(separator: "/").last ?? "artifact"))
  }
}

/// SHA-256 of a file and its size, read in pieces.
func checksum(ofFile path: String) throws -> (sha256: String, size: Int) {
  guard let file = FileHandle(forReadingAtPath: path) else { throw ArtifactError.unreadable(path) }
  defer { try? file.close() }
  var hash = SHA256()
  var size = 0
  while let piece = try file.read(upToCount: ArtifactStore.chunk), !piece.isEmpty {
    hash.update(data: piece)
    size += piece.count
  }
  return (hash.finalize().hexadecimal, size)
}

/// The SHA-256 and size of a data file, here or behind a URL; of a directory, those of the names and checksums of its data files.
/// - Throws: `ArtifactError` or `TableError` when one cannot be read.
func checksum(ofData path: String) throws -> (sha256: String, size: Int) {
  let files: [(name: String, sha256: String, size: Int)]
  if RemoteFile.isRemote(path) {
    files = try RemoteFile.checksums(path).map { ($0.name, $0.sha256.hexadecimal, $0.size) }
  } else {
    files = try DataFiles.at(path).map { file in
      let (sha256, size) = try checksum(ofFile: file)
      return (String(file.dropFirst(path.count)), sha256, size)
    }
  }
  if files.count == 1, files[0].name.isEmpty { return (files[0].sha256, files[0].size) }
  var hash = SHA256()
  for file in files { hash.update(data: Data("\(file.sha256) \(file.name)\n".utf8)) }
  return (hash.finalize().hexadecimal, files.reduce(0) { $0 + $1.size })
}
