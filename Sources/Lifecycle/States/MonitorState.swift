public import Values

/// A monitor, from the facts of `monitor/NAME`.
public struct MonitorState: StreamState {
  public private(set) var specification: MonitorSpecification?
  public private(set) var baseline: BaselinePinned?
  /// For each part, the end of the latest window that was counted; an inconclusive one is not.
  public private(set) var countedUntil: [String: Timestamp] = [:]

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .monitorDefined(let specification):
      // What was pinned stands for what was declared then.
      if let old = self.specification?.baseline, old != specification.baseline { baseline = nil }
      self.specification = specification
    case .monitorRemoved: specification = nil
    case .baselinePinned(let fact): baseline = fact
    case .measurementRecorded(let fact) where !fact.inconclusive:
      countedUntil[fact.part.rawValue] = max(countedUntil[fact.part.rawValue] ?? fact.window.endAt, fact.window.endAt)
    default: break
    }
  }

  /// Whether a window that ends then comes after one that was counted.
  public func isLate(_ part: Part, endAt: Timestamp) -> Bool { countedUntil[part.rawValue].map { endAt < $0 } ?? false }
}
