internal import Foundation
internal import PostgreSQL

/// What trainers and evaluators wrote, which is kept in pieces beside the log.
struct RunOutput {
  let database: any Queryable

  /// The place after which to read on.
  struct Place: Equatable {
    var attempt: Int64 = 0
    var step = ""
    var number: Int64 = -1
  }

  /// One piece.
  struct Piece {
    let place: Place
    let bytes: [UInt8]
  }

  /// The pieces that were written after a place, in order: training before evaluation, attempt by attempt.
  func pieces(of run: String, step: String, after place: Place) async throws -> [Piece] {
    try await database.query(
      """
      select attempt, step, number, content from kedge.run_output
      where run = \(run)::text::uuid and step = \(step) and (attempt, number) > (\(place.attempt), \(place.number))
      order by attempt, number limit 256
      """
    ).map {
      let (attempt, step, number, content) = try $0.decode(Int64.self, String.self, Int64.self, [UInt8].self)
      return Piece(place: Place(attempt: attempt, step: step, number: number), bytes: content)
    }
  }

  /// The last lines of what was written last.
  func tail(of run: String, lines: Int) async throws -> [String] {
    let rows = try await database.query(
      """
      select content from kedge.run_output where run = \(run)::text::uuid order by written_at desc, attempt desc, number desc limit 16
      """)
    var bytes: [UInt8] = []
    for row in rows.reversed() { bytes += try row.decode([UInt8].self, at: 0) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      .trimmingEmptyEnd().suffix(lines).map { $0 }
  }
}

extension [String] {
  fileprivate func trimmingEmptyEnd() -> [String] { last?.isEmpty == true ? Array(dropLast()) : self }
}
