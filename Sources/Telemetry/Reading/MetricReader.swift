internal import Foundation
public import Logging
public import PostgreSQL

/// Reads figures from the read models and the log.
///
/// Read models are read anew each time, in one round trip and by their indexes; what is counted over all history comes from a tally that
/// only reads what is new. Readings are shared: who asks while one is under way, or within a second, gets the same.
public actor MetricReader {
  private let database: any Queryable
  private let limits: MetricLimits
  private let version: String
  private let logger: Logger
  private var tally: LogTally
  private var latest: (at: ContinuousClock.Instant, families: [MetricFamily])?
  private var underWay: Task<[MetricFamily], Never>?

  /// How long a reading is good for.
  private static let freshness = Duration.seconds(1)

  /// - Parameters:
  ///   - database: whose figures are read.
  ///   - version: of the program.
  ///   - limits: how many series there may be.
  ///   - logger: hears why the database could not be read.
  public init(_ database: any Queryable, version: String, limits: MetricLimits = MetricLimits(), logger: Logger) {
    self.database = database
    self.version = version
    self.limits = limits
    self.logger = logger
    tally = LogTally()
  }

  /// All figures. When the database cannot be read, `kedge_database_up` is 0 and only this process's own figures are there.
  public func read() async -> [MetricFamily] {
    if let latest, ContinuousClock.now - latest.at < MetricReader.freshness { return latest.families }
    if let underWay { return await underWay.value }
    let task = Task { await readAnew() }
    underWay = task
    let families = await task.value
    underWay = nil
    latest = (.now, families)
    return families
  }

  /// Counts what there is so far: of a long log the first reading would take long. Nothing is lost when it cannot.
  public func countHistory() async {
    do {
      tally = try await tally.caughtUp(with: database)
    } catch {
      logger.debug("metrics: the log could not be counted yet: \(error)")
    }
  }

  private func readAnew() async -> [MetricFamily] {
    let began = ContinuousClock.now
    var families: [MetricFamily] = []
    var isUp = 1.0
    do {
      families = try await everything(in: database)
    } catch {
      logger.warning("metrics: the database could not be read: \(error)")
      isUp = 0
    }
    var build = MetricFamily("kedge_build_info", .gauge, "1; the label says which version answers.")
    build.add(1, ["version": version])
    var up = MetricFamily("kedge_database_up", .gauge, "1 when the database could be read for this answer, else 0.")
    up.add(isUp)
    var took = MetricFamily("kedge_metrics_read_seconds", .gauge, "How long it took to read these figures.")
    took.add((ContinuousClock.now - began).seconds)
    return [build, up, took] + families + ProcessFigures.families()
  }

  private func everything(in database: any Queryable) async throws -> [MetricFamily] {
    let sections = MetricSection.all
    let answers = try await database.pipeline(sections.map { $0.query(limits) })
    var families: [MetricFamily] = []
    var leftOut = MetricFamily("kedge_series_left_out", .gauge, "1 when series of this kind were left out, because there are more than the limit.")
    for (section, rows) in zip(sections, answers) {
      let (made, isCut) = try section.families(rows, limits)
      families += made
      if let isCut { leftOut.add(isCut ? 1 : 0, ["kind": section.name]) }
    }
    tally = try await tally.caughtUp(with: database)
    return families + [leftOut] + tally.families
  }
}

/// What one query gives.
struct MetricSection: Sendable {
  let name: String
  let query: @Sendable (MetricLimits) -> Query
  /// The families, and whether something was left out; nil where nothing can be.
  let families: @Sendable (Rows, MetricLimits) throws -> ([MetricFamily], Bool?)

  static let all = monitoring + alerting + training + rollingOut + operating
}

extension Duration {
  /// As a floating point number.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
