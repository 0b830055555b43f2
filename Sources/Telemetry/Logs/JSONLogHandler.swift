internal import Foundation
public import Logging
internal import Values

/// Writes each line as a JSON object: `time`, `level`, `logger` and `message`, then the metadata by their own names.
public struct JSONLogHandler: LogHandler {
  /// Less important lines are left out.
  public var logLevel = Logger.Level.info
  /// What every line carries.
  public var metadata: Logger.Metadata = [:]
  /// Gives each line what its task carries.
  public var metadataProvider: Logger.MetadataProvider?
  private let label: String
  private let write: @Sendable (String) -> Void

  /// - Parameters:
  ///   - label: of the logger.
  ///   - write: takes a line with its end, all at once; standard error unless told otherwise.
  public init(label: String, write: (@Sendable (String) -> Void)? = nil) {
    self.label = label
    self.write = write ?? { FileHandle.standardError.write(Data($0.utf8)) }
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one line.
  public func log(event: LogEvent) {
    var document: JSON = [
      "time": JSON(Timestamp.now()), "level": .string(event.level.rawValue), "logger": .string(label), "message": .string("\(event.message)"),
    ]
    let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
    // What Kedge itself says of a line keeps its names.
    for (key, value) in all.sorted(by: { $0.key < $1.key }) { document[document[key] == nil ? key : "metadata.\(key)"] = JSONLogHandler.json(value) }
    if let error = event.error { document["error"] = .string("\(error)") }
    write(document.description + "\n")
  }

  private static func json(_ value: Logger.Metadata.Value) -> JSON {
    switch value {
    case .string(let text): .string(text)
    case .stringConvertible(let value): .string("\(value)")
    case .dictionary(let members): JSON(members.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) })
    case .array(let elements): .array(elements.map(json))
    }
  }
}
