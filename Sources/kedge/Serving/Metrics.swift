internal import ArgumentParser
internal import Foundation
internal import HTTPTransport
internal import Lifecycle
internal import Logging
internal import Telemetry
internal import Values

struct Metrics: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Prints the figures that /metrics serves, or pushes them to where they are kept.",
    discussion: guide(
      """
      For those who cannot scrape. --push sends them to a Prometheus Pushgateway, --otlp to a collector that speaks OTLP over HTTP; with --every
      again and again until it is stopped, and a push that fails is tried again with the next one. OTEL_EXPORTER_OTLP_HEADERS holds headers of the
      collector's, as name=value,name=value. The names of the figures are listed in ops/prometheus/METRICS.md.
      """,
      example: "kedge metrics | promtool check metrics\nkedge metrics --push http://pushgateway:9091 --every 1m"))

  @Flag(name: .customLong("openmetrics"), help: "Prints OpenMetrics instead of Prometheus' text format.") var openMetrics = false
  @Option(help: ArgumentHelp("A Pushgateway.", valueName: "url")) var push: String?
  @Option(help: "The job under which they stand there.") var job = "kedge"
  @Option(help: ArgumentHelp("A collector of OTLP.", valueName: "url")) var otlp: String?
  @Option(help: ArgumentHelp("How often they are pushed; without it once.", valueName: "duration")) var every: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if push != nil, otlp != nil { throw ValidationError("--push and --otlp: name one of them") }
    if let every {
      guard push != nil || otlp != nil else { throw ValidationError("--every: name where to with --push or --otlp") }
      guard let span = Span(every), span >= .seconds(1) else { throw ValidationError("--every \(every): expected a span of at least 1s, e.g. 1m") }
    }
    if openMetrics, push != nil || otlp != nil { throw ValidationError("--openmetrics: it is for printing; leave it out") }
    if job.isEmpty { throw ValidationError("--job is empty") }
  }

  func run() async throws {
    try await common.withDatabase(patience: every == nil ? .zero : .seconds(30)) { client in
      let logger = try common.serviceLogger("kedge", level: every == nil ? .warning : .info)
      let reader = MetricReader(client, version: Kedge.version, logger: logger)
      guard let target else {
        let format: MetricText = openMetrics ? .openMetrics : .prometheus
        return Terminal.write(format.write(await reader.read()), to: STDOUT_FILENO)
      }
      let http = try HTTPClient()
      defer { http.close() }
      guard let pause = every.flatMap({ Span($0) })?.duration else {
        return try await target.send(await reader.read(), version: Kedge.version, at: .now(), through: http)
      }
      logger.notice("pushing figures to \(target) every \(every ?? "")")
      try await Signals.cancelling({ Terminal.end(.failed) }) {
        while !Task.isCancelled {
          do {
            try await target.send(await reader.read(), version: Kedge.version, at: .now(), through: http)
          } catch {
            if !Task.isCancelled { logger.warning("figures were not pushed, and are again in \(pause): \(error)") }
          }
          try? await Task.sleep(for: pause)
        }
      }
    }
  }

  private var target: MetricPush? {
    if let push { return .gateway(url: push, job: job) }
    guard let otlp else { return nil }
    let headers = (ProcessInfo.processInfo.environment["OTEL_EXPORTER_OTLP_HEADERS"] ?? "").split(separator: ",").compactMap { pair -> (String, String)? in
      let parts = pair.split(separator: "=", maxSplits: 1)
      return parts.count == 2 ? (parts[0].trimmingCharacters(in: .whitespaces), parts[1].removingPercentEncoding ?? String(parts[1])) : nil
    }
    return .otlp(url: otlp, headers: headers)
  }
}
