/// What a supervisor tells the worker, a line each, over the socket that is its standard input.
enum SupervisorReport: Hashable {
  /// The command runs, in a process group of this number.
  case started(group: Int32)
  case couldNotStart(reason: String)
  case exited(code: Int32)
  case signalled(Int32)
  case timedOut
  case cancelled
  case tooMuchOutput

  var line: String {
    switch self {
    case .started(let group): "started \(group)"
    case .couldNotStart(let reason): "could_not_start \(reason.replacing("\n", with: " "))"
    case .exited(let code): "exited \(code)"
    case .signalled(let signal): "signalled \(signal)"
    case .timedOut: "timed_out"
    case .cancelled: "cancelled"
    case .tooMuchOutput: "too_much_output"
    }
  }

  init?(line: some StringProtocol) {
    let word = line.prefix { $0 != " " }
    let rest = line.dropFirst(word.count + 1)
    switch (String(word), Int32(rest)) {
    case ("started", let group?): self = .started(group: group)
    case ("could_not_start", _): self = .couldNotStart(reason: String(rest))
    case ("exited", let code?): self = .exited(code: code)
    case ("signalled", let signal?): self = .signalled(signal)
    case ("timed_out", _): self = .timedOut
    case ("cancelled", _): self = .cancelled
    case ("too_much_output", _): self = .tooMuchOutput
    default: return nil
    }
  }
}
