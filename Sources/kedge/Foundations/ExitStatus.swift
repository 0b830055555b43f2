/// What a command says with its exit code: a promise to scripts.
enum ExitStatus: Int32, CaseIterable, Sendable {
  case done = 0
  case failed = 1
  case badUsage = 2
  case answerIsNo = 3
  case notAllowed = 4
  case notFound = 5
  case conflict = 6
  case timedOut = 7
  case waitsForApproval = 8

  var meaning: String {
    switch self {
    case .done: "done"
    case .failed: "it failed"
    case .badUsage: "bad usage or bad input; nothing was changed"
    case .answerIsNo: "the answer is no"
    case .notAllowed: "not signed in, or not allowed"
    case .notFound: "no such thing"
    case .conflict: "conflict: somebody changed it first, or it does not fit what is the case"
    case .timedOut: "timed out"
    case .waitsForApproval: "waits for an approval"
    }
  }
}

/// Ends a command. On standard error it is one line for each line of the message.
struct Complaint: Error, Equatable {
  let status: ExitStatus
  /// `WHAT is wrong: WHERE; what to do`; nil when all has been said on standard output.
  let message: String?

  init(_ status: ExitStatus, _ message: String?) {
    self.status = status
    self.message = message
  }
}

/// The discussion below a command's abstract: an example and the exit codes that it can end with.
func guide(_ text: String = "", example: String, _ statuses: ExitStatus...) -> String {
  let codes = ([.done] + statuses + [.failed, .badUsage]).uniqued().sorted { $0.rawValue < $1.rawValue }
  return (text.isEmpty ? "" : text + "\n\n")
    + "EXAMPLE:\n" + example.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    + "\n\nEXIT CODES:\n" + codes.map { "  \($0.rawValue)  \($0.meaning)" }.joined(separator: "\n")
}

extension Array where Element: Hashable {
  /// Each element once, in order.
  func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
