internal import Foundation
public import Values

/// Alerts into messages to the channels of their rule, but for those that are silenced, inhibited, or wait for others of their group.
///
/// What was missed in a silence is told when it ends, also of an alert that came and went meanwhile. An alert is inhibited while its rule says so
/// of another one that fires on the same monitor or model, and always while its monitor has no data; one that ends before anybody was told of it
/// is not worth a message then.
public struct NotifyingPolicy: Policy {
  /// Names its checkpoint, for good.
  public static let name = "notifying"

  static let groupDeadline = "group"

  /// An alert that fires, or of whose end people have not been told.
  struct Open: Codable, Equatable, Sendable {
    var raised: AlertRaised
    var isOver = false
    /// Whether people know of it.
    var isTold = false
    /// The newest of what they do not know.
    var missed: News?
    /// Whether it was silenced, and not only inhibited, when something was missed.
    var wasSilenced = false
    var group: String?
    /// At which severities people were told of it.
    var severitiesTold: [String] = []
    /// What was done about it so far, in words.
    var done: [String] = []

    var subject: AlertSubject { raised.subject }
  }

  /// What is to be told of an alert.
  struct News: Codable, Equatable, Sendable {
    var state: String
    var verb: String
    var note: String?
  }

  /// A silence that is not over.
  struct Silence: Codable, Equatable, Sendable {
    var matching: SilenceMatcher
    var by: String
  }

  /// What a rule says about telling people.
  struct Handling: Codable, Equatable, Sendable {
    var inhibitedBy: [String]
    var group: AlertGrouping?
    var actions: [AlertAction]
  }

  /// Alerts that are told together.
  struct Group: Codable, Equatable, Sendable {
    /// The messages are about this one, so that they stay together.
    var leader: AlertID
    var members: [AlertID]
    var isTold = false
  }

  var open = Keyed<Open>()
  var groups = Keyed<Group>()
  private var silences = Keyed<Silence>()
  private(set) var rules = Keyed<Handling>()
  /// The rules whose alerts start each pipeline by themselves.
  private(set) var retrained = Keyed<[String]>()
  /// Channels that are told when somebody looks after an alert.
  private var attentive = Keyed<Bool>()
  /// The alerts that are open, by monitor and by model; follows from the rest.
  private var about: [String: Set<String>] = [:]

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws {
    let (prefix, rest) = split(key: key)
    switch prefix {
    case "silence": try silences.restore(key: rest, entry: entry)
    case "rule": try rules.restore(key: rest, entry: entry)
    case "group": try groups.restore(key: rest, entry: entry)
    case "pipeline": try retrained.restore(key: rest, entry: entry)
    case "channel": try attentive.restore(key: rest, entry: entry)
    default:
      try open.restore(key: rest, entry: entry)
      if let alert = open[rest] { list(rest, alert) }
    }
  }

  public mutating func takeChanges() throws -> [String: JSON] {
    try open.takeChanges(prefix: "alert/").merging(silences.takeChanges(prefix: "silence/")) { $1 }
      .merging(rules.takeChanges(prefix: "rule/")) { $1 }.merging(groups.takeChanges(prefix: "group/")) { $1 }
      .merging(retrained.takeChanges(prefix: "pipeline/")) { $1 }.merging(attentive.takeChanges(prefix: "channel/")) { $1 }
  }

  public mutating func react(to record: FactRecord) -> [Command] {
    switch record.fact {
    case .ruleDefined(let rule):
      let isSimple = rule.inhibitedBy.isEmpty && rule.group == nil && rule.actions.isEmpty
      rules[rule.name] = isSimple ? nil : Handling(inhibitedBy: rule.inhibitedBy, group: rule.group, actions: rule.actions)
    case .ruleRemoved: rules[record.name] = nil
    case .pipelineDefined(let pipeline):
      let rules = pipeline.trigger.compactMap { if case .alert(let rule) = $0 { rule } else { nil } }
      retrained[pipeline.name] = rules.isEmpty ? nil : rules
    case .pipelineRemoved: retrained[record.name] = nil
    case .channelDefined(let channel): attentive[channel.name] = channel.kind.takesAcknowledgements ? true : nil
    case .channelRemoved: attentive[record.name] = nil
    case .runRequested(let run):
      if case .alert(let id, _) = run.reason { note("run \(record.name.prefix(8)) of \(run.pipeline) was asked for", on: id) }
    case .silenceStarted(let fact): silences[record.name] = Silence(matching: fact.matching, by: record.actor)
    case .silenceEnded:
      silences[record.name] = nil
      return deliver(Set(open.entries.keys), record)
    case .deadlinePassed(let fact):
      if let silence = SilenceID(stream: record.stream), fact.name == SilenceState.deadline {
        return [.endSilence(silence, SilenceEnded(reason: "its time is over"))]
      }
      guard fact.name == NotifyingPolicy.groupDeadline, let group = groups.entries.first(where: { $0.value.leader.stream == record.stream })?.key else {
        return []
      }
      return tellGroup(group, record)
    default: return AlertID(stream: record.stream).map { react(to: record, $0) } ?? []
    }
    return []
  }

  private mutating func react(to record: FactRecord, _ id: AlertID) -> [Command] {
    let key = id.description
    switch record.fact {
    case .alertRaised(let fact):
      let alert = Open(raised: fact)
      open[key] = alert
      list(key, alert)
      return tell(id, News(state: "firing", verb: "fires"), record)
    case .alertEscalated(let fact):
      guard open[key]?.isOver == false else { return [] }
      open[key]?.raised.subject.severity = fact.severity
      for channel in fact.notify ?? [] where open[key]?.subject.notify.contains(channel) == false { open[key]?.raised.subject.notify.append(channel) }
      let verb = fact.unacknowledged == true ? "is still unacknowledged" : "is \(fact.severity) now"
      return tell(id, News(state: "escalated", verb: verb, note: fact.reason), record)
    case .alertEased(let fact):
      guard open[key]?.isOver == false else { return [] }
      open[key]?.raised.subject.severity = fact.severity
      return tell(id, News(state: "eased", verb: "is \(fact.severity) now", note: fact.reason), record)
    case .alertResolved(let fact): return end(id, News(state: "resolved", verb: "is resolved", note: fact.reason), record)
    case .alertMarkedFalse(let fact): return end(id, News(state: "false_alarm", verb: "was a false alarm", note: fact.reason), record)
    case .alertAcknowledged(let fact):
      note("\(record.actor) looks after it\(fact.reason.map { ": \($0)" } ?? "")", on: id)
      return acknowledge(id, fact.reason, record)
    case .actionRequested(let fact): note("asked for: \(fact.declared.deed)", on: id)
    case .actionWithheld(let fact): note("not done: \(fact.deed), \(fact.reason)", on: id)
    case .actionFinished(let fact): note(fact.failure.map { "failed: \($0)" } ?? "what was asked for is done", on: id)
    default: break
    }
    return []
  }

  /// How many things that were done are kept of an alert.
  private static let doneKept = 10

  /// Keeps in mind what was done about an alert.
  private mutating func note(_ text: String, on id: AlertID) {
    guard var done = open[id.description]?.done else { return }
    done.append(text)
    open[id.description]?.done = done.suffix(NotifyingPolicy.doneKept)
  }

  /// Tells those channels that somebody looks after it where that keeps others from being called.
  private mutating func acknowledge(_ id: AlertID, _ reason: String?, _ record: FactRecord) -> [Command] {
    guard let alert = open[id.description], alert.isTold, !alert.isOver, !isSilenced(alert.subject) else { return [] }
    let about = alert.group.flatMap { groups[$0]?.leader } ?? id
    let channels = alert.subject.notify.filter { attentive[$0] == true }
    return messages(about: about, alert, News(state: "acknowledged", verb: "is looked after by \(record.actor)", note: reason), record, to: channels)
  }

  private mutating func end(_ id: AlertID, _ news: News, _ record: FactRecord) -> [Command] {
    let key = id.description
    guard let alert = open[key], !alert.isOver else { return [] }
    open[key]?.isOver = true
    let told = tell(id, news, record)
    // What it inhibited is told now.
    return told + deliver(neighbours(of: alert.subject).subtracting([key]), record)
  }

  // MARK: whom to tell

  private func isSilenced(_ subject: AlertSubject) -> Bool { silences.entries.values.contains { $0.matching.matches(subject) } }

  private func isInhibited(_ key: String, _ subject: AlertSubject) -> Bool {
    let inhibitors = rules[subject.rule]?.inhibitedBy ?? []
    return neighbours(of: subject).contains { other in
      guard other != key, let alert = open[other], !alert.isOver else { return false }
      if inhibitors.contains(alert.subject.rule) { return true }
      // Whatever drifts on a monitor without data, nobody can do anything about it but find the data.
      return alert.subject.metric == AlertSubject.noData && subject.metric != AlertSubject.noData && alert.subject.monitor != nil
        && alert.subject.monitor == subject.monitor
    }
  }

  /// Tells of an alert, or keeps in mind that people do not know.
  private mutating func tell(_ id: AlertID, _ news: News, _ record: FactRecord) -> [Command] {
    let key = id.description
    guard let alert = open[key] else { return [] }
    let isSilenced = isSilenced(alert.subject)
    guard isSilenced || isInhibited(key, alert.subject) else { return announce(id, news, record) }
    if alert.isOver, !alert.isTold, !isSilenced, !alert.wasSilenced {
      forget(key)
    } else {
      open[key]?.missed = news
      if isSilenced { open[key]?.wasSilenced = true }
    }
    return []
  }

  /// Tells what was missed of these alerts, as far as nothing holds it back any more.
  private mutating func deliver(_ keys: Set<String>, _ record: FactRecord) -> [Command] {
    let missed = keys.compactMap { key in open[key].flatMap { $0.missed == nil ? nil : (key, $0) } }
      .sorted { ($0.1.raised.sinceAt, $0.0) < ($1.1.raised.sinceAt, $1.0) }
    return missed.flatMap { key, alert -> [Command] in
      guard let id = AlertID(stream: "alert/\(key)"), let news = alert.missed, !isSilenced(alert.subject),
        !isInhibited(key, alert.subject)
      else { return [] }
      open[key]?.missed = nil
      guard !alert.isTold else { return announce(id, news, record) }
      let note = "\(alert.raised.condition) since \(alert.raised.sinceAt)"
      guard alert.isOver else { return announce(id, News(state: "firing", verb: "fires", note: "\(note); it was raised while nobody was to be told"), record) }
      return announce(
        id, News(state: news.state, verb: news.verb, note: "\(note); it came and went while nobody was to be told" + (news.note.map { ": \($0)" } ?? "")),
        record)
    }
  }

  private mutating func announce(_ id: AlertID, _ news: News, _ record: FactRecord) -> [Command] {
    let key = id.description
    guard let alert = open[key] else { return [] }
    if let group = alert.group { return announce(id, news, in: group, record) }
    if let grouping = rules[alert.subject.rule]?.group, news.state == "firing" { return join(id, alert, grouping, record) }
    defer { if alert.isOver { forget(key) } }
    open[key]?.isTold = true
    return messages(about: id, alert, news, record)
  }

  // MARK: groups

  private mutating func join(_ id: AlertID, _ alert: Open, _ grouping: AlertGrouping, _ record: FactRecord) -> [Command] {
    let subject = alert.subject
    let common: String =
      switch grouping.by {
      case .rule: subject.rule
      case .monitor: subject.monitor ?? ""
      case .model: subject.model ?? ""
      }
    let key = "\(grouping.by.rawValue)/\(common) \(subject.notify.joined(separator: ","))"
    open[id.description]?.group = key
    if groups[key] != nil {
      groups[key]?.members.append(id)
      return groups[key]?.isTold == true ? announce(id, News(state: "firing", verb: "fires too"), in: key, record) : []
    }
    groups[key] = Group(leader: id, members: [id])
    return [.setDeadline(stream: id.stream, DeadlineSet(name: NotifyingPolicy.groupDeadline, dueAt: record.at + grouping.wait.duration))]
  }

  /// Something happened to a member of a group.
  private mutating func announce(_ id: AlertID, _ news: News, in key: String, _ record: FactRecord) -> [Command] {
    guard let group = groups[key], let alert = open[id.description] else { return [] }
    let isOver = group.members.allSatisfy { open[$0.description]?.isOver != false }
    guard group.isTold else {
      if isOver { disband(key) } else if id == group.leader, alert.isOver { return tellGroup(key, record) }
      return []
    }
    guard isOver else {
      guard !alert.isOver else { return [] }
      open[id.description]?.isTold = true
      return messages(about: group.leader, alert, news, record)
    }
    defer { disband(key) }
    guard group.members.count > 1 else { return messages(about: group.leader, alert, news, record) }
    return messages(about: group.leader, group.members.compactMap { open[$0.description] }, state: news.state, record)
  }

  /// The wait is over, or whom the others waited for is.
  private mutating func tellGroup(_ key: String, _ record: FactRecord) -> [Command] {
    guard var group = groups[key], !group.isTold else { return [] }
    for member in group.members where open[member.description]?.isOver != false { forget(member.description) }
    group.members = group.members.filter { open[$0.description] != nil }
    guard let leader = group.members.first else {
      groups[key] = nil
      return []
    }
    group.leader = leader
    group.isTold = true
    groups[key] = group
    for member in group.members { open[member.description]?.isTold = true }
    let alerts = group.members.compactMap { open[$0.description] }
    return alerts.count == 1
      ? messages(about: leader, alerts[0], News(state: "firing", verb: "fires"), record) : messages(about: leader, alerts, state: "firing", record)
  }

  private mutating func disband(_ key: String) {
    for member in groups[key]?.members ?? [] { forget(member.description) }
    groups[key] = nil
  }

  // MARK: what is open

  private static func places(_ subject: AlertSubject) -> [String] {
    [subject.monitor.map { "monitor/\($0)" }, subject.model.map { "model/\($0)" }].compactMap { $0 }
  }

  private mutating func list(_ key: String, _ alert: Open) { for place in NotifyingPolicy.places(alert.subject) { about[place, default: []].insert(key) } }

  private func neighbours(of subject: AlertSubject) -> Set<String> {
    NotifyingPolicy.places(subject).reduce(into: []) { $0.formUnion(about[$1] ?? []) }
  }

  private mutating func forget(_ key: String) {
    guard let alert = open[key] else { return }
    open[key] = nil
    for place in NotifyingPolicy.places(alert.subject) {
      about[place]?.remove(key)
      if about[place]?.isEmpty == true { about[place] = nil }
    }
  }
}
