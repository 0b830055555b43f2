import Foundation
import Glibc
import Integrations
import Testing

struct TrainerResultTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("model.joblib", "a model")
  }

  private func read(_ result: String? = nil) throws -> TrainerResult {
    if let result { try directory.write("result.json", result) }
    return try TrainerResult(readingFrom: directory.path)
  }

  private func message(_ result: String? = nil) throws -> String {
    do {
      _ = try read(result)
      return "it was accepted"
    } catch let error as TrainerResultError {
      return "\(error)"
    }
  }

  @Test func `a result is read`() throws {
    let result = try read(
      #"{"artifact": "model.joblib", "metrics": {"accuracy": 0.93, "rows": 398}, "tags": {"seed": 7, "fast": true, "by": "RF"}, "more": []}"#)
    #expect(result.artifact == "\(directory.path)/model.joblib")
    #expect(result.metrics == ["accuracy": 0.93, "rows": 398])
    #expect(result.tags == ["seed": "7", "fast": "true", "by": "RF"])
  }

  @Test func `metrics and tags may be absent, and the artifact may lie deeper`() throws {
    try directory.write("out/model.bin", "a model")
    for name in ["out/model.bin", "./out/../out/model.bin", "\(directory.path)/out/model.bin"] {
      let result = try read("{\"artifact\": \"\(name)\", \"metrics\": null}")
      #expect(result.artifact == "\(directory.path)/out/model.bin")
      #expect(result.metrics.isEmpty && result.tags.isEmpty)
    }
  }

  @Test func `a link inside the directory is followed`() throws {
    symlink("model.joblib", "\(directory.path)/latest")
    #expect(try read(#"{"artifact": "latest"}"#).artifact == "\(directory.path)/model.joblib")
  }

  @Test func `a missing result says what the trainer must write`() throws {
    #expect(try message() == "result.json is missing: the trainer must write {\"artifact\", \"metrics\", \"tags\"} to $KEDGE_OUTPUT/result.json")
  }

  @Test(arguments: [
    ("", "result.json is not JSON: line 1: the text ends where a value was expected (NaN and Infinity are not JSON)"),
    ("{\n\"artifact\": NaN}", "result.json is not JSON: line 2: expected a JSON value (NaN and Infinity are not JSON)"),
    ("[]", "result.json: the document must be an object"),
    ("{}", "result.json: artifact must be the name of a file in the output directory, a string"),
    (#"{"artifact": 3}"#, "result.json: artifact must be the name of a file in the output directory, a string"),
    (#"{"artifact": ""}"#, "result.json: artifact must be the name of a file in the output directory, a string"),
    (#"{"artifact": "a\u0000b"}"#, "result.json: artifact must be the name of a file in the output directory"),
    (#"{"artifact": "model.joblib", "metrics": []}"#, "result.json: metrics must be an object"),
    (#"{"artifact": "model.joblib", "metrics": {"f1": "0.9"}}"#, "result.json: metrics.f1 must be a finite number"),
    (#"{"artifact": "model.joblib", "metrics": {"f1": null}}"#, "result.json: metrics.f1 must be a finite number"),
    (#"{"artifact": "model.joblib", "metrics": {"f1": 1e999}}"#, "result.json: metrics.f1 must be a finite number"),
    (#"{"artifact": "model.joblib", "tags": {"a": {}}}"#, "result.json: tags.a must be a string, a number or a boolean"),
    (#"{"artifact": "gone.joblib"}"#, "result.json: the artifact \"gone.joblib\" does not exist in the output directory"),
    (#"{"artifact": "."}"#, "result.json: the artifact \".\" is not in the output directory; copy it there"),
    (#"{"artifact": "../etc"}"#, "result.json: the artifact \"../etc\" does not exist in the output directory"),
    (#"{"artifact": "/etc/passwd"}"#, "result.json: the artifact \"/etc/passwd\" is not in the output directory; copy it there"),
    (#"{"artifact": "model.joblib/x"}"#, "result.json: the artifact \"model.joblib/x\" cannot be used: Not a directory"),
  ])
  func `a wrong result says what is wrong and where`(result: String, expected: String) throws {
    let message = try message(result)
    // A number beyond all doubles may be refused by the reader of JSON already.
    if result.contains("1e999"), message.contains("not JSON") { return }
    #expect(message == expected)
  }

  @Test func `a link out of the directory is refused`() throws {
    symlink("/etc/passwd", "\(directory.path)/innocent")
    symlink("/etc", "\(directory.path)/folder")
    #expect(try message(#"{"artifact": "innocent"}"#) == "result.json: the artifact \"innocent\" is not in the output directory; copy it there")
    #expect(try message(#"{"artifact": "folder/passwd"}"#) == "result.json: the artifact \"folder/passwd\" is not in the output directory; copy it there")
  }

  @Test func `a neighbour whose name begins alike is outside`() throws {
    let neighbour = directory.path + "-more"
    try FileManager.default.createDirectory(atPath: neighbour, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: neighbour) }
    try Data().write(to: URL(filePath: neighbour + "/model"))
    #expect(try message("{\"artifact\": \"\(neighbour)/model\"}").contains("is not in the output directory"))
  }

  @Test func `a directory or a pipe is no artifact`() throws {
    try directory.write("folder/file", "")
    mkfifo("\(directory.path)/pipe", 0o600)
    #expect(try message(#"{"artifact": "folder"}"#) == "result.json: the artifact \"folder\" cannot be used: it is a directory; pack it into one file")
    #expect(try message(#"{"artifact": "pipe"}"#) == "result.json: the artifact \"pipe\" cannot be used: it is not a regular file")
  }

  @Test func `a result without end, or that is no file, stops nobody`() throws {
    #expect(try message(String(repeating: " ", count: 1 << 20 + 1)) == "result.json is longer than 1048576 bytes; put what is bulky into the artifact")
    try FileManager.default.removeItem(atPath: "\(directory.path)/result.json")
    mkfifo("\(directory.path)/result.json", 0o600)
    #expect(try message().hasPrefix("result.json is not JSON"))
    try FileManager.default.removeItem(atPath: "\(directory.path)/result.json")
    mkdir("\(directory.path)/result.json", 0o700)
    #expect(try message() == "result.json cannot be read: Is a directory")
  }

  @Test func `checksum and size of a file are those that sha256sum gives`() async throws {
    #expect(try await FileDigest(of: "/dev/null") == FileDigest(sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", size: 0))
    try directory.write("abc", "abc")
    let digest = FileDigest(sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", size: 3)
    #expect(try await FileDigest(of: "\(directory.path)/abc") == digest)
    try directory.write("million", String(repeating: "a", count: 1_000_000))
    let million = FileDigest(sha256: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", size: 1_000_000)
    #expect(try await FileDigest(of: "\(directory.path)/million") == million)
  }

  @Test func `reading an endless file can be cancelled`() async throws {
    let task = Task { try await FileDigest(of: "/dev/zero") }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
