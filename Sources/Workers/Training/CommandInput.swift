internal import Foundation
internal import Lifecycle
internal import PostgreSQL
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
    let baseline = monitors.compactMap(\.baseline).first
    return JSON([
      ("run", .string(run.lowercased)), ("model", .string(request.model)), ("reason", try JSON(encoding: request.reason)),
      ("champion", try await version(champion)), ("baseline", baseline.map { ["path": .string($0)] } ?? .null),
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

  private func windows(of monitor: WatchedMonitor, since: Timestamp?, folder: String) async throws -> [JSON] {
    let rows = try await context.database.query(
      """
      select id, source, start_at, end_at from kedge.monitor_window
      where monitor = \(monitor.specification.name) and (\(since)::timestamptz is null or end_at > \(since))
      order by end_at desc limit \(CommandInput.windows)
      """)
    let found = try rows.map { row in try row.decode(UUID.self, String.self, Timestamp.self, Timestamp.self) }
    let specification = monitor.specification
    return try await onThread {
      let book = LabelBook(specification)
      return try found.compactMap { id, source, start, end in
        var path = source
        if QueriedWindow(source) != nil {
          path = "\(folder)/window-\(id.lowercased).csv"
          try book.write(allOf: source, to: path)
        } else if !FileManager.default.fileExists(atPath: source) {
          return nil
        }
        let labels = try book.write(labelsOf: source, to: "\(folder)/labels-\(id.lowercased).csv")
        return ["path": .string(path), "labels": JSON(labels), "start_at": JSON(start), "end_at": JSON(end)]
      }
    }
  }
}
