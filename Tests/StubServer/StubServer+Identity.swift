public import Foundation

extension StubServer.Identity {
  /// A self-signed certificate for `localhost`, written to a directory that is there.
  public init(selfSignedIn directory: URL) throws {
    self.init(certificate: directory.appending(path: "certificate.pem").path(), key: directory.appending(path: "key.pem").path())
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    openssl.arguments! += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
  }
}
