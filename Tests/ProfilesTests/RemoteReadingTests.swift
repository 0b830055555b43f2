import Foundation
import HTTPTransport
import StubServer
import Testing
import Values

@testable import Profiles

/// Objects of a server that checks signatures as S3 does, drops connections, and may give no parts of objects.
@Suite struct RemoteReadingTests {
  private static let server = Result { try StubServer() }
  private static let client = Result { try HTTPClient() }

  private static func variables(_ more: [String: String] = [:]) throws -> [String: String] {
    [
      "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-test-1", "AWS_ENDPOINT_URL": try server.get().url,
    ].merging(more) { $1 }
  }

  private static func put(_ key: String, _ body: [UInt8]) async throws {
    let path = key.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "/-._")))!
    let response = try await client.get().send(HTTPRequest(.put, "\(try server.get().url)/bucket/\(path)", body: body))
    #expect(response.status == 200)
  }

  private static func read(_ path: String, _ environment: [String: String]? = nil) async throws -> DataTable {
    let environment = try environment ?? variables()
    return try await blocking { try TableReader(environment: environment).read(path: path) }
  }

  private static func failure(_ path: String, _ environment: [String: String]? = nil) async throws -> String {
    do {
      _ = try await read(path, environment)
      return "no error"
    } catch { return "\(error)" }
  }

  /// Larger than what is kept ready, so that connections really break in the middle.
  private static let rows = 60_000
  private static let text = Array(("x,word\n" + (0..<rows).map { "\($0).5,word number \($0 % 7) of a line\n" }.joined()).utf8)

  @Test func `requests are signed as the published example is`() {
    let signature = S3Signature(
      credentials: S3Credentials(accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), region: "us-east-1",
      time: Timestamp("2013-05-24T00:00:00Z")!)
    let authorization = signature.authorization(
      method: "GET", path: "/test.txt", query: [],
      headers: [
        ("Host", "examplebucket.s3.amazonaws.com"), ("Range", "bytes=0-9"), ("x-amz-content-sha256", S3Signature.emptyHash), ("x-amz-date", signature.date),
      ])
    #expect(
      authorization == """
        AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
        Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41
        """)
    let list = signature.authorization(
      method: "GET", path: "/", query: [("max-keys", "2"), ("prefix", "J")],
      headers: [("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", S3Signature.emptyHash), ("x-amz-date", signature.date)])
    #expect(list.hasSuffix("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
  }

  @Test func `an object is read with a signature, under any key`() async throws {
    for key in ["signed/a b+c/größe=1&2.csv", "signed/plain.csv"] {
      try await Self.put(key, Array("x,y\n1,2\n3,4\n".utf8))
      #expect(try await Self.read("s3://bucket/\(key)").rowCount == 2)
    }
    let session = try Self.variables(["AWS_SESSION_TOKEN": "session"])
    #expect(try await Self.read("s3://bucket/signed/plain.csv", session).rowCount == 2)
  }

  @Test func `what may not be read, or is not there, is an error that says so`() async throws {
    try await Self.put("signed/secret.csv", Array("x\n1\n".utf8))
    let wrong = try await Self.failure("s3://bucket/signed/secret.csv", try Self.variables(["AWS_SECRET_ACCESS_KEY": "another"]))
    #expect(wrong.hasPrefix("s3://bucket/signed/secret.csv: is not for everybody: the server answered 403 (SignatureDoesNotMatch); check AWS_ACCESS_KEY_ID"))
    let unsigned = try await Self.failure("s3://bucket/signed/secret.csv", ["AWS_ENDPOINT_URL": try Self.server.get().url])
    #expect(unsigned.contains("403 (AccessDenied)"))
    #expect(try await Self.failure("s3://bucket/signed/none.csv").contains("is not there: the server answered 404 (NoSuchKey)"))
    #expect(try await Self.failure("s3://bucket").contains("names no object"))
    let url = try Self.server.get().url
    #expect(try await Self.failure("\(url)/nowhere.csv?token=hidden") == "\(url)/nowhere.csv: is not there: the server answered 404; check the URL")
    #expect(try await Self.failure("http://127.0.0.1:1/x.csv").hasPrefix("http://127.0.0.1:1/x.csv: cannot be read: "))
  }

  @Test func `without credentials requests go unsigned`() async throws {
    try await Self.put("public/open.csv", Array("x\n1\n".utf8))
    #expect(try await Self.read("s3://bucket/public/open.csv", ["AWS_ENDPOINT_URL": try Self.server.get().url]).rowCount == 1)
  }

  @Test(arguments: ["flaky/large.csv", "plain/large.csv"])
  func `a lost connection is made again where it broke off, with parts of objects and without`(key: String) async throws {
    try await Self.put(key, Self.text)
    let table = try await Self.read("s3://bucket/\(key)")
    #expect(table.rowCount == Self.rows)
    let sum = try table.numbers("x").reduce(0, +)
    #expect(sum == Double(Self.rows) * Double(Self.rows) / 2)
  }

  @Test func `an object that changes while it is read is not mixed`() async throws {
    try await Self.put("changing/large.csv", Self.text)
    let found = try await Self.failure("s3://bucket/changing/large.csv")
    #expect(found == "s3://bucket/changing/large.csv: changed while it was read; read it again when it is complete")
  }

  @Test func `Parquet is read in parts, and by a plain URL too`() async throws {
    let bytes = ParquetFiles.bytes("arrow600--groups.parquet")
    try await Self.put("public/some.parquet", bytes)
    let here = try TableReader().read(bytes: bytes, source: "some.parquet")
    let url = try Self.server.get().url
    for path in ["s3://bucket/public/some.parquet", "\(url)/bucket/public/some.parquet?download=1"] {
      let there = try await Self.read(path)
      #expect(there.csv == here.csv)
    }
    try await Self.put("plain/some.parquet", bytes)
    #expect(try await Self.failure("s3://bucket/plain/some.parquet").contains("gives no parts of files"))
  }

  @Test func `gzip and redirects are followed`() async throws {
    // "x\n1\n2\n" as gzip packs it.
    let packed: [UInt8] = [
      0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xab, 0xe0, 0x32, 0xe4, 0x32, 0xe2, 2, 0, 0xd3, 0x91, 0xa6, 0x54, 6, 0, 0, 0,
    ]
    try await Self.put("public/x.csv.gz", packed)
    let url = try Self.server.get().url
    let target = "\(url)/bucket/public/x.csv.gz".addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
    #expect(try await Self.read("\(url)/bucket/public/x.csv.gz").numbers("x") == [1, 2])
    // The name of a redirect says nothing: the content does.
    #expect(try await Self.read("\(url)/redirect?to=\(target)").numbers("x") == [1, 2])
  }

  @Test func `a file of a web server is seen without being read, with what the server calls its content`() async throws {
    try await Self.put("public/seen.csv", Array("x\n1\n".utf8))
    let url = "\(try Self.server.get().url)/bucket/public/seen.csv"
    func seen() async throws -> [RemoteFile] { try await blocking { try RemoteFile.matching(url) } }
    let before = try #require(try await seen().first)
    #expect(before.path == url && before.size == 4 && before.tag != nil && before.isComplete)
    #expect(try await blocking { try RemoteFile.checksums(url) }.map(\.size) == [4])
    try await Self.put("public/seen.csv", Array("x\n2\n".utf8))
    #expect(try await seen().first?.tag != before.tag)
    await #expect(throws: TableError.self) { try await blocking { try RemoteFile.matching(url + ".none") } }
    #expect(RemoteObject.time("Sun, 06 Nov 1994 08:49:37 GMT") == Timestamp("1994-11-06T08:49:37Z"))
    #expect(RemoteObject.time("yesterday") == nil)
  }

  @Test func `a prefix or a pattern stands for all data files below it`() async throws {
    for day in 1...5 { try await Self.put("days/dt=2026-01-0\(day)/part.csv", Array("x\n\(day)\n\(day)\n".utf8)) }
    try await Self.put("days/_SUCCESS", [])
    #expect(try await Self.read("s3://bucket/days/").numbers("x") == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    #expect(try await Self.read("s3://bucket/days/dt=2026-01-0[34]/*.csv").numbers("x") == [3, 3, 4, 4])
    #expect(try await Self.failure("s3://bucket/days/none*/").contains("has no data files"))
  }
}

/// Runs what blocks outside of the pool of Swift concurrency.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
  }
}

/// The files of the Parquet reader's own tests.
enum ParquetFiles {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("ParquetTests/Files")

  static func bytes(_ name: String) -> [UInt8] { Array(try! Data(contentsOf: folder.appendingPathComponent(name))) }

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
}
