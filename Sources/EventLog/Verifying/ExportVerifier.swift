internal import Values

/// Verifies exported events, without a database.
public struct ExportVerifier: Sendable {
  private let paths: [String]

  /// - Parameter paths: files of `LogExport` in their order, each going on where the one before ends; packed with gzip or not.
  public init(_ paths: [String]) { self.paths = paths }

  /// What was found in the files.
  public struct Report: Hashable, Sendable {
    /// Of the events.
    public let verification: Verification
    /// How they stand to the head that was given.
    public let comparison: ChainExtension?
    /// The file in which something does not fit.
    public let file: String?
  }

  /// Recomputes every hash.
  /// - Parameter head: is looked for on the way.
  /// - Throws: `LineFileError` when a file cannot be read, is cut off, or is no export. A broken chain is a result.
  public func verify(against head: ChainHead? = nil) throws -> Report {
    var walk = Walk(head: head)
    for path in paths {
      if let problem = try walk.take(path) {
        return Report(verification: walk.verification(broken: problem), comparison: nil, file: path)
      }
    }
    return Report(verification: walk.verification(broken: nil), comparison: walk.comparison, file: nil)
  }

  /// Goes from event to event.
  private struct Walk {
    let head: ChainHead?
    /// What came before the first event of the first file.
    private var first: Int64?
    private var position: Int64 = 0
    private var hash = ChainHash.beginning
    private var hashAtHead: [UInt8]?

    init(head: ChainHead?) { self.head = head }

    var comparison: ChainExtension? {
      guard let head else { return nil }
      if let hashAtHead { return hashAtHead == head.hash ? .extends : .differs }
      return head.position < first ?? 0 ? .beginsAfter : .shorter
    }

    func verification(broken: Verification.Break?) -> Verification {
      let events = position - (first ?? 0)
      return Verification(events: Int(events), head: events > 0 ? Verification.Head(position: position, hash: hash) : nil, firstBad: broken)
    }

    /// What does not fit in a file, if anything.
    mutating func take(_ path: String) throws(LineFileError) -> Verification.Break? {
      var file = try LineReader(path)
      let beginning = try file.next().flatMap { try? JSON(parsing: $0) }
      guard let beginning, beginning["format"]?.string == LogExport.format, let after = beginning["after"]?["position"]?.integer,
        let before = beginning["after"]?["hash"]?.string.flatMap(ChainHash.bytes(from:))
      else { throw LineFileError(path: path, problem: "is no export of the log; `kedge export events` makes one") }
      if first == nil {
        (first, position, hash) = (Int64(after), Int64(after), before)
        if after == 0, before != ChainHash.beginning { return Verification.Break(position: 1, reason: "the chain does not begin with 32 zero bytes") }
        note()
      } else if Int64(after) != position || before != hash {
        return Verification.Break(position: position + 1, reason: "the file does not go on where the one before ends, at position \(position)")
      }
      while let line = try file.next() {
        guard let event = try? JSON(parsing: line), let number = event["position"]?.integer, let fields = ExportVerifier.fields(event) else {
          return Verification.Break(position: position + 1, reason: "the line after position \(position) is no event")
        }
        guard Int64(number) == position + 1 else { return Verification.Break(position: position + 1, reason: "position \(position + 1) is missing") }
        let computed = ChainHash.next(after: hash, fields)
        guard event["hash"]?.string.flatMap(ChainHash.bytes(from:)) == computed else {
          return Verification.Break(
            position: Int64(number), reason: "the hash at position \(number) does not fit: the event, its place, its hash or the hash before it was changed")
        }
        (position, hash) = (Int64(number), computed)
        note()
      }
      return nil
    }

    private mutating func note() { if position == head?.position { hashAtHead = hash } }
  }

  /// What is hashed of an event after `kedge1`, in the order of LOG.md.
  private static let names = [
    "epoch", "position", "id", "stream", "version", "type", "schema", "data", "actor", "principal", "correlation_id", "causation_id", "idempotency_key",
    "occurred_at", "recorded_at", "sealed_at",
  ]

  /// The values of these fields; nil when the event has not just them and the hash.
  private static func fields(_ event: JSON) -> [String?]? {
    guard let object = event.object, object.members.count == names.count + 1 else { return nil }
    var fields: [String?] = ["kedge1"]
    for name in names {
      switch object[name] {
      case .string(let text): fields.append(text)
      case .integer(let number): fields.append(String(number))
      case .null: fields.append(nil)
      default: return nil
      }
    }
    return fields
  }
}
