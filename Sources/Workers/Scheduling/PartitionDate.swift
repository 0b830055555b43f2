internal import Values

/// The day or hour that a directory is named after: `date=2026-11-23`, `2026-11-23`, `20261123`, `year=2026/month=11/day=23`, `2026/11/23`, each also
/// with an hour behind it (`hour=05`, `05`). Times are UTC.
struct PartitionDate: Hashable, Sendable {
  let start: Timestamp
  let end: Timestamp

  /// Nil when the path has no date in it; of several the last counts.
  init?(_ path: String) {
    let parts = path.split(separator: "/").map { part in part.split(separator: "=").last.map(String.init) ?? "" }
    for first in parts.indices.reversed() {
      guard let (day, used) = PartitionDate.day(parts[first...]) else { continue }
      let next = first + used
      if next < parts.count, parts[next].utf8.count <= 2, let hour = Int64(parts[next]), (0..<24).contains(hour) {
        start = day + .seconds(hour * 3600)
        end = start + .seconds(3600)
      } else {
        start = day
        end = day + .seconds(86_400)
      }
      return
    }
    return nil
  }

  /// A day in one part of a path, or in three.
  private static func day(_ parts: ArraySlice<String>) -> (Timestamp, used: Int)? {
    guard let first = parts.first else { return nil }
    if first.utf8.count == 10, let day = Timestamp(first) { return (day, 1) }
    if first.utf8.count == 8, let day = Timestamp("\(first.prefix(4))-\(first.dropFirst(4).prefix(2))-\(first.dropFirst(6))") { return (day, 1) }
    guard first.utf8.count == 4, parts.count >= 3 else { return nil }
    let rest = parts.dropFirst().prefix(2).map { $0.utf8.count == 1 ? "0\($0)" : $0 }
    return Timestamp("\(first)-\(rest[0])-\(rest[1])").map { ($0, 3) }
  }
}
