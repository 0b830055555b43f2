import Foundation
import HTTPTransport
import PostgreSQL
import Server
import StubServer
import TestSupport
import Testing
import Values

/// Against the real programs of Prometheus and its Alertmanager.
@Suite struct PrometheusTests {
  @Test func `promtool finds nothing to say about the figures`() async throws {
    try await Served.with { served in
      try await served.fill()
      _ = try await served.get("/v1/nothing")
      let text = try await served.get("/metrics", accept: "text/plain").text
      let (status, talk) = try Ops.run("promtool", ["check", "metrics"], input: text)
      #expect(status == 0 && talk.isEmpty, "\(talk)")
    }
  }

  @Test func `the configuration and the rules are in order, and the rules do as their tests say`() throws {
    let folder = Ops.folder.path
    for arguments in [
      ["promtool", "check", "config", "\(folder)/prometheus/prometheus.yml"], ["promtool", "test", "rules", "\(folder)/prometheus/tests/alerts.test.yml"],
      ["amtool", "check-config", "\(folder)/alertmanager/alertmanager.yml"],
    ] {
      let (status, talk) = try Ops.run(arguments[0], Array(arguments.dropFirst()))
      #expect(status == 0, "\(talk)")
    }
  }

  @Test func `Prometheus scrapes Kedge, its rules fire, and Alertmanager hands them on`() async throws {
    let stub = try StubServer()
    try await Served.with { served in
      try await served.fill()
      let scratch = try Scratch()
      defer { scratch.remove() }
      let alertmanager = try Alertmanager(scratch.url, webhook: stub.url + "/echo/alerts")
      defer { alertmanager.program.end() }
      let prometheus = try await Prometheus(scratch.url, scraping: served.url, alertmanager: alertmanager.address)
      defer { prometheus.program.end() }

      let isUp = try await eventually(within: .seconds(120)) { try await prometheus.query(#"up{job="kedge"} == 1"#, served.http).count == 1 }
      #expect(isUp, "\(prometheus.program.text)")
      for name in ["KedgeStreamHalted", "KedgeModelAlert"] {
        let fires = try await eventually(within: .seconds(120)) {
          try await !prometheus.query("ALERTS{alertname=\"\(name)\", alertstate=\"firing\"}", served.http).isEmpty
        }
        #expect(fires, "\(name)")
      }
      let arrives = try await eventually(within: .seconds(120)) {
        let recorded = try await served.http.send(HTTPRequest(.get, stub.url + "/_requests")).text
        return recorded.contains("KedgeStreamHalted") && recorded.contains("live-drift")
      }
      #expect(arrives, "\(alertmanager.program.text)")
    }
  }

  @Test func `every query of every Grafana panel gives a series`() async throws {
    try await Served.with { served in
      try await served.fill()
      let scratch = try Scratch()
      defer { scratch.remove() }
      let prometheus = try await Prometheus(scratch.url, scraping: served.url, alertmanager: nil)
      defer { prometheus.program.end() }
      let auditor = try await served.database.makeClient(memberOf: "kedge_auditor")
      let dashboards = try FileManager.default.contentsOfDirectory(atPath: Ops.folder.appending(path: "grafana/dashboards").path).filter {
        $0.hasSuffix(".json")
      }
      #expect(dashboards.count == 4)
      var silent: [(String, String)] = []
      for name in dashboards.sorted() {
        let dashboard = try JSON(parsing: try Ops.text("grafana/dashboards/\(name)"))
        for panel in dashboard["panels"]?.array ?? [] {
          let place = "\(name): \(panel["title"]?.string ?? "")"
          let targets = panel["targets"]?.array ?? []
          #expect(!targets.isEmpty, "\(place)")
          for target in targets {
            if let sql = target["rawSql"]?.string {
              let rows = try await auditor.query(Query(unsafeSQL: PrometheusTests.expanded(sql)))
              #expect(!rows.isEmpty, "\(place): \(sql)")
            } else {
              silent.append((place, PrometheusTests.expanded(try #require(target["expr"]?.string))))
            }
          }
        }
        for variable in dashboard["templating"]?["list"]?.array ?? [] {
          silent.append(("\(name): variable", try #require(variable["definition"]?.string?.split(separator: "(").last.map { String($0.prefix { $0 != "," }) })))
        }
      }
      // Rates need two scrapes, and recorded series an evaluation.
      let isHeard = try await eventually(within: .seconds(180)) {
        var still: [(String, String)] = []
        for (place, expression) in silent where try await prometheus.query(expression, served.http).isEmpty { still.append((place, expression)) }
        silent = still
        return silent.isEmpty
      }
      #expect(isHeard, "\(silent)")
    }
  }

  /// What Grafana makes of a query: variables stand for everything, and the time range is all of time.
  private static func expanded(_ text: String) -> String {
    text.replacing(/\$__timeFilter\(((?:[^()]|\([^()]*\))*)\)/) { "\($0.1) between '2000-01-01' and '2100-01-01'" }
      .replacing(/\$[a-z]+/) { _ in ".*" }
  }
}

/// Prometheus with the configuration of `ops/prometheus`, in a hurry.
private struct Prometheus {
  let program: Background
  let url: String

  init(_ directory: URL, scraping target: String, alertmanager: String?) async throws {
    let port = Background.freePort()
    url = "http://127.0.0.1:\(port)"
    let folder = directory.appending(path: "prometheus")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Ops.folder.appending(path: "prometheus/rules"), to: folder.appending(path: "rules"))
    let configuration = try Ops.text("prometheus/prometheus.yml").replacing("127.0.0.1:8470", with: target.dropFirst("http://".count))
      .replacing("127.0.0.1:9093", with: alertmanager ?? "127.0.0.1:9").replacing("_interval: 15s", with: "_interval: 1s")
    try Data(configuration.utf8).write(to: folder.appending(path: "prometheus.yml"))
    program = try Background(
      "prometheus", "--config.file=\(folder.path)/prometheus.yml", "--storage.tsdb.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(port)",
      in: directory)
  }

  /// The series that an expression gives now; none while Prometheus is not there yet.
  func query(_ expression: String, _ http: HTTPClient) async throws -> [JSON] {
    let text = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    guard let response = try? await http.send(HTTPRequest(.get, "\(url)/api/v1/query?query=\(text)")) else { return [] }
    #expect(response.status == 200 || response.status == 503, "\(expression): \(response.text)")
    guard response.status == 200 else { return [] }
    return try JSON(parsing: response.text)["data"]?["result"]?.array ?? []
  }
}

/// Alertmanager with the configuration of `ops/alertmanager`, in a hurry.
private struct Alertmanager {
  let program: Background
  let address: String

  init(_ directory: URL, webhook: String) throws {
    address = "127.0.0.1:\(Background.freePort())"
    let configuration = try Ops.text("alertmanager/alertmanager.yml").replacing("http://127.0.0.1:9099/alerts", with: webhook)
      .replacing(/group_wait: \d+s/) { _ in "group_wait: 1s" }
    let file = directory.appending(path: "alertmanager.yml")
    try Data(configuration.utf8).write(to: file)
    program = try Background(
      "prometheus-alertmanager", "--config.file=\(file.path)", "--storage.path=\(directory.path)/alerts", "--web.listen-address=\(address)",
      "--cluster.listen-address=", in: directory)
  }
}
