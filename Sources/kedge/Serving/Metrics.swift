internal import ArgumentParser
internal import Telemetry

struct Metrics: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the figures that /metrics serves.",
    discussion: guide(
      "For those who cannot scrape. The names are listed in ops/prometheus/METRICS.md.",
      example: "kedge metrics | promtool check metrics"))

  @Flag(name: .customLong("openmetrics"), help: "Writes OpenMetrics instead of Prometheus' text format.") var openMetrics = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase { client in
      let families = await MetricReader(client, version: Kedge.version, logger: common.logger("kedge")).read()
      let format: MetricText = openMetrics ? .openMetrics : .prometheus
      Terminal.write(format.write(families), to: 1)
    }
  }
}
