/// How a data file is written.
struct DataFormat: Sendable, Hashable {
  enum Kind: Sendable, Hashable { case commaSeparated, tabSeparated, jsonLines, parquet }

  /// Nil: to be seen from the content.
  var kind: Kind?
  var isGzipped: Bool

  /// By the file's name.
  init(name: String) {
    var lower = Substring(name.lowercased())
    // Of a URL the path alone.
    if lower.contains("://"), let end = lower.firstIndex(where: { $0 == "?" || $0 == "#" }) { lower = lower[..<end] }
    isGzipped = lower.hasSuffix(".gz")
    if isGzipped { lower = lower.dropLast(3) }
    kind =
      switch lower.split(separator: "/").last?.split(separator: ".", omittingEmptySubsequences: false).last {
      case "csv": .commaSeparated
      case "tsv", "tab": .tabSeparated
      case "jsonl", "ndjson": .jsonLines
      case "parquet", "parq", "pq": .parquet
      default: nil
      }
  }

  /// By the content's first bytes, where the name does not say it.
  static func seen(in head: [UInt8]) -> Kind {
    if head.starts(with: "PAR1".utf8) { return .parquet }
    let text = head.starts(with: [0xef, 0xbb, 0xbf]) ? head[3...] : head[...]
    return text.first { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 } == 0x7b ? .jsonLines : .commaSeparated
  }

  static func isGzip(_ head: [UInt8]) -> Bool { head.starts(with: [0x1f, 0x8b]) }
}
