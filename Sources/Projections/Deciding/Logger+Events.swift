public import EventLog
public import Lifecycle
public import Logging
internal import Values

extension Logger {
  /// Writes a line for each event that was appended: its type, stream, and the correlation id by which a story can be followed through the
  /// lines of every process, from the window that was found to the rollback that came of it.
  /// - Parameters:
  ///   - events: in their order.
  ///   - attribution: of the append.
  public func events(_ events: [(stream: String, fact: Fact)], by attribution: Attribution) {
    for (stream, fact) in events {
      var metadata: Logger.Metadata = ["stream": "\(stream)", "by": "\(attribution.actor)"]
      if let correlation = attribution.correlation { metadata["correlation"] = "\(correlation.lowercased)" }
      if let causation = attribution.causation { metadata["causation"] = "\(causation.lowercased)" }
      info("\(fact.type)", metadata: metadata)
    }
  }
}
