import Server
import Testing

@Suite struct ServerOptionsTests {
  @Test(arguments: [
    ("8080", "127.0.0.1", 8080), (":0", "127.0.0.1", 0), ("0.0.0.0:81", "0.0.0.0", 81), ("localhost", "localhost", 8470), ("[::1]:9", "::1", 9),
    ("[::]", "::", 8470), ("::1", "::1", 8470),
  ])
  func `an address is a host, a port, or both`(text: String, host: String, port: Int) throws {
    let options = try #require(ServerOptions(address: text))
    #expect(options.host == host)
    #expect(options.port == port)
  }

  @Test(arguments: ["", ":x", "host:", "a b:80", "host:99999", "http://host:80", "[::1", "[::1]80"])
  func `what is no address is refused`(text: String) { #expect(ServerOptions(address: text) == nil) }

  @Test func `only loopback is open`() {
    #expect(ServerOptions(address: "127.0.0.2:1")?.isLoopback == true)
    #expect(ServerOptions(address: "0.0.0.0:1")?.isLoopback == false)
  }
}
