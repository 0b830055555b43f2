internal import Glibc
internal import SystemPackage
internal import Values

/// What a trainer leaves in its output directory: `result.json`, `{"artifact": "model.joblib", "metrics": {…}, "tags": {…}}`, and the artifact;
/// with `"baseline": "training.csv"` also the data that windows are to be compared with while this version is the baseline of a monitor.
public struct TrainerResult: Sendable, Hashable {
  /// Absolute path of the artifact: a file in the output directory, symbolic links resolved.
  public let artifact: String
  /// As the trainer measured them; finite.
  public let metrics: [String: Double]
  /// Numbers and booleans as JSON writes them.
  public let tags: [String: String]
  /// Absolute path of the data that it was trained on; nil when it left none.
  public let baseline: String?

  private static let longestBytes = 1 << 20

  /// Reads what a finished trainer left. `metrics`, `tags` and `baseline` may be absent; members that Kedge does not know are ignored.
  /// - Parameter directory: the attempt's `KEDGE_OUTPUT`.
  public init(readingFrom directory: String) throws(TrainerResultError) {
    let bytes = try TrainerResult.contents(of: "\(directory)/result.json")
    let json: JSON
    do { json = try JSON(parsing: bytes) } catch { throw .notJSON("\(error)") }
    guard json.object != nil else { throw .member("the document", expected: "an object") }
    guard let name = json["artifact"]?.string, !name.isEmpty else {
      throw .member("artifact", expected: "the name of a file in the output directory, a string")
    }
    artifact = try TrainerResult.locate(name, in: directory)
    switch json["baseline"] {
    case nil, .null: baseline = nil
    case .string(let name) where !name.isEmpty: baseline = try TrainerResult.locate(name, of: "baseline", in: directory)
    default: throw .member("baseline", expected: "the name of a data file in the output directory, a string")
    }
    metrics = try TrainerResult.members(json, "metrics", expected: "a finite number") { $0.double.flatMap { $0.isFinite ? $0 : nil } }
    tags = try TrainerResult.members(json, "tags", expected: "a string, a number or a boolean") { value in
      switch value {
      case .string(let text): text
      case .integer, .number, .bool: value.description
      case .null, .array, .object: nil
      }
    }
  }

  private static func contents(of path: String) throws(TrainerResultError) -> [UInt8] {
    do {
      // Without waiting: a trainer could leave a named pipe.
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.nonBlocking, .closeOnExec])
      return try file.closeAfter {
        var bytes = [UInt8](repeating: 0, count: longestBytes + 1)
        var length = 0
        while length < bytes.count {
          let count = try bytes.withUnsafeMutableBytes { try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[length...])) }
          if count == 0 { break }
          length += count
        }
        guard length <= longestBytes else { throw TrainerResultError.tooLong(limitBytes: longestBytes) }
        return Array(bytes[..<length])
      }
    } catch let error as TrainerResultError {
      throw error
    } catch {
      throw error as? Errno == .noSuchFileOrDirectory ? .missing : .unreadable("\(error)")
    }
  }

  /// The file that is meant, if it is a file and lies in the directory once all links are followed.
  private static func locate(_ name: String, of member: String = "artifact", in directory: String) throws(TrainerResultError) -> String {
    guard !name.utf8.contains(0) else { throw .member(member, expected: "the name of a file in the output directory") }
    let (root, path): (String, String)
    do { root = try resolve(directory) } catch { throw .unreadable("\(directory): \(error)") }
    do {
      path = try resolve(name.hasPrefix("/") ? name : "\(directory)/\(name)")
    } catch {
      throw error == .noSuchFileOrDirectory ? .fileMissing(member, name) : .fileUnusable(member, name, reason: "\(error)")
    }
    guard path.hasPrefix(root == "/" ? "/" : root + "/") else { throw .fileOutside(member, name) }
    var status = stat()
    guard stat(path, &status) == 0 else { throw .fileUnusable(member, name, reason: String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .fileUnusable(member, name, reason: status.st_mode & S_IFMT == S_IFDIR ? "it is a directory; pack it into one file" : "it is not a regular file")
    }
    return path
  }

  private static func resolve(_ path: String) throws(Errno) -> String {
    guard let resolved = realpath(path, nil) else { throw Errno(rawValue: errno) }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func members<Value>(
    _ json: JSON, _ name: String, expected: String, _ read: (JSON) -> Value?
  ) throws(TrainerResultError) -> [String: Value] {
    guard let member = json[name], !member.isNull else { return [:] }
    guard let object = member.object else { throw .member(name, expected: "an object") }
    var values: [String: Value] = [:]
    for (key, value) in object.members {
      guard let value = read(value) else { throw .member("\(name).\(key)", expected: expected) }
      values[key] = value
    }
    return values
  }
}

/// Why a trainer that ended well left no result. The run has failed.
public enum TrainerResultError: Error, Sendable, Hashable {
  case missing
  case unreadable(String)
  case tooLong(limitBytes: Int)
  case notJSON(String)
  /// A member of the document is missing or of the wrong kind.
  case member(String, expected: String)
  /// A member names a file that is not there.
  case fileMissing(_ member: String, String)
  /// A member names a file that lies elsewhere.
  case fileOutside(_ member: String, String)
  /// A member names what is no file, or cannot be looked at.
  case fileUnusable(_ member: String, String, reason: String)
}

extension TrainerResultError: CustomStringConvertible {
  /// For the author of the trainer: what is wrong and what to do.
  public var description: String {
    switch self {
    case .missing: "result.json is missing: the trainer must write {\"artifact\", \"metrics\", \"tags\"} to $KEDGE_OUTPUT/result.json"
    case .unreadable(let reason): "result.json cannot be read: \(reason)"
    case .tooLong(let limit): "result.json is longer than \(limit) bytes; put what is bulky into the artifact"
    case .notJSON(let reason): "result.json is not JSON: \(reason) (NaN and Infinity are not JSON)"
    case .member(let name, let expected): "result.json: \(name) must be \(expected)"
    case .fileMissing(let member, let name): "result.json: the \(member) \"\(name)\" does not exist in the output directory"
    case .fileOutside(let member, let name): "result.json: the \(member) \"\(name)\" is not in the output directory; copy it there"
    case .fileUnusable(let member, let name, let reason): "result.json: the \(member) \"\(name)\" cannot be used: \(reason)"
    }
  }
}
