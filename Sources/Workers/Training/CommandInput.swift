internal import Foundation
internal import Lifecycle
internal import Logging
internal import PostgreSQL
internal import Profiles
internal import Values

/// Builds `KEDGE_INPUT`: what a trainer or evaluator is told.
struct CommandInput: Sendable {
  let context: WorkContext
  let artifacts: ArtifactStore
  let request: RunRequested

  /// At most so many windows are handed on, the newest.
  static let windows = 1000

  /// - Parameters:
  ///   - run: the run's identifier.
  ///   - champion: the registered version that serves, if there is one.
  ///   - folder: where files of labels may be written.
  func json(run: UUID, champion: VersionRegistered?, since: Timestamp?, folder: String) async throws -> JSON {
    let monitors = try await monitors()
    var windows: [JSON] = []
    for monitor in monitors { windows += try await self.windows(of: monitor, since: since, folder: folder) }
    windows.sort { ($0["end_at"]?.string ?? "") < ($1["end_at"]?.string ?? "") }
    let baseline = try await baseline(of: monitors, folder: folder)
    return JSON([
      ("run", .string(run.lowercased)), ("model", .string(request.model)), ("reason", try JSON(encoding: request.reason)),
      ("champion", try await version(champion)), ("baseline", baseline),
      ("windows", .array(windows.suffix(CommandInput.windows))), ("parameters", try JSON(encoding: request.parameters)),
    ])
  }

  /// A version as commands are told of it.
  func version(_ version: VersionRegistered?) async throws -> JSON {
    guard let version else { return .null }
    return ["version": .string(version.version.description), "path": .string(try await artifacts.path(of: version.artifact))]
  }

  /// A monitor and the file of its reference.
  struct WatchedMonitor: Sendable {
    let specification: MonitorSpecification
    let baseline: String?
  }

  func monitors() async throws -> [WatchedMonitor] {
    try await context.database.query(
      "select specification, baseline ->> 'path' from kedge.monitor where model = \(request.model) order by name"
    ).map { row in
      let (json, pinned) = try row.decode(JSON.self, String?.self)
      let specification = try json.decode(MonitorSpecification.self)
      if case .file(let path) = specification.baseline { return WatchedMonitor(specification: specification, baseline: pinned ?? path) }
      return WatchedMonitor(specification: specification, baseline: pinned)
    }
  }

  /// The first reference among monitors that is a file: `{"path"}`, or null. What lies behind a URL is written to the folder.
  func baseline(of monitors: [WatchedMonitor], folder: String) async throws -> JSON {
    for monitor in monitors {
      if let path = monitor.baseline {
        guard RemoteFile.isRemote(path) else { return ["path": .string(path)] }
        let written = "\(folder)/baseline.csv"
        let specification = monitor.specification
        try await onThread { try LabelBook(specification, WindowRows(specification, nil), merging: []).write(allOf: path, to: written) }
        return ["path": .string(written)]
      }
      if case .version(let name)? = monitor.specification.baseline {
        let model: ModelState = try await context.state("model/\(request.model)")
        if let left = model.version(named: name)?.registration.baseline { return ["path": .string(try await artifacts.path(of: left))] }
      }
    }
    return .null
  }

  private func windows(of monitor: WatchedMonitor, since: Timestamp?, folder: String) async throws -> [JSON] {
    let rows = try await context.database.query(
      """
      select id, source, start_at, end_at from kedge.monitor_window
      where monitor = \(monitor.specification.name) and (\(since)::timestamptz is null or end_at > \(since))
      order by end_at desc limit \(CommandInput.windows)
      """)
    let found = try rows.map { row in try row.decode(UUID.self, String.self, Timestamp.self, Timestamp.self) }
    let specification = monitor.specification
    let (database, logger) = (context.database, context.logger)
    return try await onThread {
      let book = LabelBook(specification, database)
      return try found.compactMap { id, source, start, end in
        var path = source
        if !WindowRows.isFile(source) {
          path = "\(folder)/window-\(id.lowercased).csv"
          do {
            try book.write(allOf: source, to: path)
          } catch let error as TableError where QueriedWindow(source) == nil {
            // As a file that is gone; whether it is, the server alone knows.
            logger.warning("\(specification.name): \(error.withoutData)")
            return nil
          }
        } else if !FileManager.default.fileExists(atPath: source) {
          return nil
        }
        let labels = try book.write(labelsOf: source, to: "\(folder)/labels-\(id.lowercased).csv")
        return ["path": .string(path), "labels": JSON(labels), "start_at": JSON(start), "end_at": JSON(end)]
      }
    }
  }
}
