internal import Crypto
public import Foundation
public import Lifecycle
public import PostgreSQL
internal import Profiles
internal import Projections
public import Values

/// What somebody else measured, taken over as a measurement of a monitor: a report that Evidently wrote as JSON, or a profile of whylogs, which is compared
/// with the monitor's reference.
public struct ImportedMeasurement: Sendable {
  /// What is to be recorded.
  private var measurement: MeasurementRecorded

  /// Its window, whose id follows from monitor, path and content.
  public var window: WindowReference { measurement.window }

  /// Reads a file.
  /// - Parameters:
  ///   - path: absolute.
  ///   - span: the time that it is about; nil: what the file says, else when it was written.
  ///   - database: where the profile of the reference is.
  /// - Throws: `TableError` when the file is neither, or the monitor has no reference that a profile can be compared with.
  public init(
    _ path: String, for state: MonitorState, monitor: MonitorSpecification, task: ModelSpecification.Task, span: (from: Timestamp, to: Timestamp)?,
    _ database: any Queryable
  ) async throws {
    guard let data = FileManager.default.contents(atPath: path), let file = WindowFinder.file(at: path) else { throw ArtifactError.unreadable(path) }
    let bytes = [UInt8](data)
    let sha256 = SHA256.hash(data: data).hexadecimal
    let result: Profiles.ComparisonResult
    var at = Timestamp(microseconds: file.modified / 1000)
    if TableProfile.isWhylogs(bytes) {
      let found = try WhylogsProfile(bytes, source: path)
      at = found.datasetAt
      let reference: MonitorReference
      do { reference = try await ReferenceCache().reference(state, monitor, PredictionTask(task), database) } catch let error as MeasuringError {
        throw TableError(source: path, problem: "cannot be compared: \(error)", advice: "a profile is measured against the monitor's reference")
      }
      result = try Comparison.run(reference: reference.whole.side, current: .profile(found.profile), options: InputMeasuring.options(monitor))
    } else {
      let json: JSON
      do throws(JSONSyntaxError) { json = try JSON(parsing: bytes) } catch {
        throw TableError(
          source: path, line: error.line, problem: "is neither JSON nor a whylogs profile: \(error.message)",
          advice: "import what Evidently's snapshot.save_json or whylogs' view().write wrote")
      }
      result = try EvidentlyReport.comparison(json, source: path)
    }
    let window = WindowReference(
      id: WindowID(UUID(namespace: ImportedMeasurement.namespace, name: "\(monitor.name)\n\(path)\n\(sha256)")), startAt: span?.from ?? at,
      endAt: span?.to ?? at, source: path)
    measurement = InputMeasuring.recorded(result, window, rows: result.rows.current)
    measurement.inconclusive = result.rows.current > 0 && result.rows.current < monitor.window.minimumRows
  }

  private static let namespace = UUID(uuidString: "0b7c9d34-5a0e-4f0a-8f53-2d1f6f0f4c55")!

  /// The fact, late if it ends before a window that was counted.
  public func fact(after state: MonitorState) -> Fact {
    var measurement = measurement
    measurement.late = state.isLate(.input, endAt: measurement.window.endAt)
    return .measurementRecorded(measurement)
  }
}
