internal import Foundation

/// The streams that a command talks to.
enum Terminal {
  /// Whether a person reads standard output.
  static let hasOutput = isatty(STDOUT_FILENO) == 1
  /// Whether a person can be asked.
  static let hasInput = isatty(STDIN_FILENO) == 1
  /// Whether a person reads standard error.
  static let hasError = isatty(STDERR_FILENO) == 1

  static let usesColour =
    hasOutput && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  /// Columns of the terminal; nil when the output goes elsewhere, where nothing is cut off.
  static var width: Int? {
    if let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text), columns > 0 { return columns }
    guard hasOutput else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Ends the process.
  static func end(_ status: ExitStatus) -> Never { exit(status.rawValue) }

  /// Writes a line of the result.
  static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

  /// Writes a line of talk.
  static func say(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  /// Writes all of it; whoever closed the pipe has read enough.
  static func write(_ text: String, to descriptor: Int32) { write(bytes: Array(text.utf8), to: descriptor) }

  static func write(bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        exit(errno == EPIPE ? 0 : ExitStatus.failed.rawValue)
      }
      rest = rest.dropFirst(count)
    }
  }

  /// A word that stands out, on a terminal.
  static func paint(_ text: String, _ colour: Colour) -> String { usesColour ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text }

  enum Colour: Int { case bold = 1, red = 31, green = 32, yellow = 33, grey = 90 }

  /// Asks for a yes, on a terminal.
  static func ask(_ question: String) -> Bool {
    write("\(question) [y/N] ", to: STDERR_FILENO)
    let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased()
    return answer == "y" || answer == "yes"
  }
}
