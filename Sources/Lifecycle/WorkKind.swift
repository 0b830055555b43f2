/// What a worker can do; each kind belongs to one role.
public enum WorkKind: String, Codable, Hashable, Sendable, CaseIterable {
  /// Look for new windows and labels of a monitor, again and again.
  case watch
  /// Measure the inputs of a window.
  case measure
  /// Join a file of labels with its windows and measure their quality.
  case join
  /// Train a challenger.
  case train
  /// Judge a challenger.
  case evaluate
  /// Compare a new version with the replaced one on a window's labelled rows.
  case compare
  /// Move traffic.
  case traffic
  /// Send a message.
  case notify
  /// Say again what fires, to a channel that forgets it otherwise.
  case resend
  /// Do what an alert asks for.
  case act
  /// Fire a schedule.
  case schedule
  /// Say that a time has come.
  case deadline
}

/// What a worker process does.
public enum Role: String, Codable, Hashable, Sendable, CaseIterable {
  /// Seals, follows the log, and so runs projections and policies.
  case projector
  case measurer, scheduler, trainer, deployer, notifier

  /// The work that it takes.
  public var kinds: [WorkKind] {
    switch self {
    case .projector: []
    case .measurer: [.measure, .join]
    case .scheduler: [.watch, .schedule, .deadline]
    case .trainer: [.train, .evaluate, .compare]
    case .deployer: [.traffic]
    case .notifier: [.notify, .resend, .act]
    }
  }
}
