internal import Crypto
internal import Values

/// What requests to S3 are signed with.
struct S3Credentials: Sendable {
  var accessKey: String
  var secretKey: String
  var sessionToken: String?
}

/// AWS Signature Version 4, in the header `Authorization`.
///
/// Source: "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference; checked against its example of GET Object.
struct S3Signature {
  let credentials: S3Credentials
  let region: String
  let time: Timestamp

  /// The SHA-256 of nothing: requests here have no body.
  static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  /// `20130524T000000Z`
  var date: String {
    let text = Timestamp(seconds: time.microseconds / 1_000_000).description
    return text.filter { $0 != "-" && $0 != ":" }
  }

  /// The value of `Authorization`.
  /// - Parameters:
  ///   - path: as it is sent, percent-encoded.
  ///   - query: names and values, percent-encoded.
  ///   - headers: all that are signed, `host`, `x-amz-date` and `x-amz-content-sha256` among them.
  func authorization(method: String, path: String, query: [(String, String)], headers: [(String, String)]) -> String {
    let sorted = headers.map { ($0.0.lowercased(), $0.1) }.sorted { $0.0 < $1.0 }
    let names = sorted.map(\.0).joined(separator: ";")
    let hash = sorted.first { $0.0 == "x-amz-content-sha256" }?.1 ?? S3Signature.emptyHash
    let canonical = [
      method, path, query.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&"),
      sorted.map { "\($0.0):\($0.1)\n" }.joined(), names, hash,
    ].joined(separator: "\n")
    let day = String(date.prefix(8))
    let scope = "\(day)/\(region)/s3/aws4_request"
    let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(SHA256.hash(data: Array(canonical.utf8)).hexadecimal)"
    var key = SymmetricKey(data: Array("AWS4\(credentials.secretKey)".utf8))
    for part in [day, region, "s3", "aws4_request"] {
      key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
    }
    let signature = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key).hexadecimal
    return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
  }

  /// Everything but letters, digits and `-._~` percent-encoded; slashes stay in a path.
  static func encoded(_ text: String, isPath: Bool) -> String {
    var out = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        out.unicodeScalars.append(UnicodeScalar(byte))
      case UInt8(ascii: "/") where isPath: out += "/"
      default: out += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return out
  }
}
