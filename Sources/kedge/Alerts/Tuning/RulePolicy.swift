internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import Reports
internal import Values

struct RulePolicy: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Tunes alert rules with evidence: what other rules would have raised.",
    subcommands: [PolicyBacktest.self, PolicySuggest.self])
}

/// How far to look back: a span such as `90d`, or a time.
enum Since: ExpressibleByArgument {
  case span(Span)
  case time(Timestamp)

  init?(argument: String) {
    if let span = Span(argument), span > .zero {
      self = .span(span)
    } else if let time = Timestamp(argument) {
      self = .time(time)
    } else {
      return nil
    }
  }

  func time(before now: Timestamp) throws(Complaint) -> Timestamp {
    switch self {
    case .span(let span): return now - span.duration
    case .time(let time):
      guard time <= now else { throw Complaint(.badUsage, "--since \(time): that is still to come; name a time in the past") }
      return time
    }
  }
}

/// Where a picture is written.
struct PictureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Also draws it, as SVG.", valueName: "file.svg")) var picture: String?

  func validate() throws {
    if let picture, !picture.lowercased().hasSuffix(".svg") { throw ValidationError("--picture \(picture): the name of a picture ends in .svg") }
  }

  func write(_ text: @autoclosure () -> String) throws {
    guard let picture else { return }
    do {
      try Data(text().utf8).write(to: URL(fileURLWithPath: picture), options: .atomic)
    } catch {
      throw Complaint(.failed, "\(picture): the picture cannot be written: \(error.localizedDescription); check the directory and its rights")
    }
  }
}

extension AlertPicture.Span {
  init(_ alert: Outcomes.Alert, _ mark: Outcomes.Alert.Mark) {
    let kind: Kind =
      switch mark {
      case .confirmed: .confirmed
      case .falseAlarm: .falseAlarm
      case .unmarked: .unmarked
      }
    self.init(from: alert.at, to: alert.end?.at, kind)
  }
}

extension Outcomes.Alert {
  /// As `-o json` shows it.
  var json: JSON {
    [
      "rule": .string(raised.subject.rule), "monitor": JSON(raised.subject.monitor), "series": JSON(raised.subject.series), "since_at": JSON(raised.sinceAt),
      "raised_at": JSON(at), "ended_at": JSON(end?.at), "value": JSON(raised.value), "mark": .string(mark.rawValue),
    ]
  }
}
