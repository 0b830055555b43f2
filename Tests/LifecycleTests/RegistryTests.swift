import Foundation
import Lifecycle
import Testing
import Values

struct RegistryTests {
  static func record(_ fact: Fact, _ stream: String = "model/m") -> FactRecord {
    FactRecord(fact, id: UUID(), stream: stream, version: 1, position: nil, actor: "a", principal: "p", at: Timestamp(seconds: 0), correlation: nil)
  }

  static func model(_ count: Int) -> ModelState {
    var state = ModelState()
    for _ in 0..<count {
      state.evolve(
        record(.versionRegistered(state.register(model: "m", artifact: Artifact(sha256: "0", size: 1, name: "a"), run: nil, metrics: [:], tags: ["a": "1"]))))
    }
    return state
  }

  @Test func `versions are numbered from 1`() {
    let model = Self.model(3)
    #expect(model.versions.map(\.registration.version) == [v(1), v(2), v(3)])
    #expect(model[0] == nil && model[4] == nil && model[2]?.registration.version == v(2))
  }

  @Test func `an alias moves once, and only to a version that is there`() throws {
    var model = Self.model(2)
    let facts = try model.moveAlias("champion", to: v(2))
    #expect(facts == [.aliasMoved(AliasMoved(alias: "champion", version: v(2), previous: nil))])
    model.evolve(Self.record(facts[0]))
    #expect(try model.moveAlias("champion", to: v(2)).isEmpty)
    #expect(throws: Refusal.unknown("there is no version m/3")) { try model.moveAlias("champion", to: v(3)) }
    #expect(throws: Refusal.unknown("there is no version other/1")) { try model.moveAlias("x", to: VersionName(model: "other", number: 1)) }
    let away = try model.moveAlias("champion", to: nil)
    #expect(away == [.aliasMoved(AliasMoved(alias: "champion", version: nil, previous: v(2)))])
    model.evolve(Self.record(away[0]))
    #expect(model.aliases.isEmpty)
    #expect(try model.moveAlias("champion", to: nil).isEmpty)
  }

  @Test func `tags are set, changed and taken away, and what is so already is left out`() throws {
    var model = Self.model(1)
    #expect(try model.tag(v(1), ["a": "1", "b": nil]).isEmpty)
    let facts = try model.tag(v(1), ["a": nil, "b": "2", "c": "3"])
    model.evolve(Self.record(facts[0]))
    #expect(model[1]?.registration.tags == ["b": "2", "c": "3"])
    #expect(throws: Refusal.unknown("there is no version m/2")) { try model.tag(v(2), ["a": "1"]) }
  }

  @Test func `an archived version stays readable`() {
    var model = Self.model(1)
    model.evolve(Self.record(.versionArchived(VersionArchived(version: v(1), reason: nil))))
    model.evolve(Self.record(.versionArchived(VersionArchived(version: v(9), reason: nil))))
    #expect(model[1]?.archived == true)
  }

  @Test(arguments: ["m/1", "risk/fraud/12"])
  func `a version's name reads back`(text: String) { #expect(VersionName(text)?.description == text) }

  @Test(arguments: ["m", "m/", "/1", "m/0", "m/-1", "m/x", ""])
  func `what is no version is refused`(text: String) { #expect(VersionName(text) == nil) }

  @Test func `identifiers read from the names of their own streams only`() {
    let uuid = UUID()
    #expect(RunID(stream: "run/\(uuid.lowercased)") == RunID(uuid))
    #expect(RunID(stream: "alert/\(uuid.lowercased)") == nil)
    #expect(RunID(stream: "run/x") == nil)
  }
}

struct ScheduleStateTests {
  static func state(next: Timestamp?) -> ScheduleState {
    ScheduleState([
      RegistryTests.record(.scheduleDefined(ScheduleDefined(pipeline: "p", cron: "0 * * * *", timeZone: "UTC", nextAt: next)), "schedule/p")
    ])
  }

  @Test func `a schedule fires once when it is due, however many firings were missed`() throws {
    let due = Timestamp("2026-03-01T02:00:00Z")!
    var state = Self.state(next: due)
    #expect(try state.fire(at: due - .seconds(1)) == nil)
    #expect(try state.fire(at: due) == ScheduleDue(pipeline: "p", dueAt: due, nextAt: due + .seconds(3600)))
    let late = try state.fire(at: due + .seconds(5 * 3600 + 7)).unwrapped
    #expect(late == ScheduleDue(pipeline: "p", dueAt: due, nextAt: due + .seconds(6 * 3600)))
    state.evolve(RegistryTests.record(.scheduleDue(late)))
    #expect(try state.fire(at: due + .seconds(5 * 3600 + 8)) == nil)
  }

  @Test func `a schedule that is gone or never due does not fire`() throws {
    var state = Self.state(next: Timestamp(seconds: 0))
    state.evolve(RegistryTests.record(.scheduleRemoved(Remark(reason: nil))))
    #expect(try state.fire(at: Timestamp(seconds: 9)) == nil)
    #expect(try Self.state(next: nil).fire(at: Timestamp(seconds: 9)) == nil)
    #expect(try ScheduleState().fire(at: Timestamp(seconds: 9)) == nil)
  }
}

struct ChannelStateTests {
  static func message(_ id: UUID, _ alert: AlertID?) -> Fact {
    .messageRequested(MessageRequested(message: id, alert: alert, state: "firing", severity: "warning", title: "t", text: "x", fields: [], command: nil))
  }

  @Test func `attempts at a message are counted until it is done with`() {
    let id = UUID()
    var state = ChannelState()
    #expect(state.attempts(at: id) == nil)
    state.evolve(RegistryTests.record(Self.message(id, nil)))
    #expect(state.attempts(at: id) == 0)
    state.evolve(RegistryTests.record(.messageDelayed(MessageDelayed(message: id, attempt: 1, reason: "429", retryAt: Timestamp(seconds: 1)))))
    #expect(state.attempts(at: id) == 1)
    var abandoned = state
    abandoned.evolve(RegistryTests.record(.messageAbandoned(MessageAbandoned(message: id, attempt: 2, reason: "404"))))
    #expect(abandoned.attempts(at: id) == nil)
    state.evolve(RegistryTests.record(.messageSent(MessageSent(message: id, attempt: 2, alert: nil, receipt: [:]))))
    #expect(state.attempts(at: id) == nil && state.threads.isEmpty)
  }

  @Test func `what the receiver said of an alert's first message is kept, for the latest alerts`() {
    var state = ChannelState()
    let first = AlertID(UUID())
    for (index, alert) in ([first, first] + (0..<499).map { _ in AlertID(UUID()) }).enumerated() {
      state.evolve(RegistryTests.record(.messageSent(MessageSent(message: UUID(), attempt: 1, alert: alert, receipt: ["ts": "\(index)"]))))
    }
    #expect(state.threads.count == 500 && state.threads[first.description] == ["ts": "0"])
    state.evolve(RegistryTests.record(.messageSent(MessageSent(message: UUID(), attempt: 1, alert: AlertID(UUID()), receipt: [:]))))
    #expect(state.threads.count == 500 && state.threads[first.description] == nil)
  }
}

struct WaitingMessageTests {
  private let alert = AlertID(UUID())
  private let other = AlertID(UUID())
  private let ids = (0..<4).map { _ in UUID() }

  private func message(_ index: Int, _ alert: AlertID?, _ state: String = "firing") -> MessageRequested {
    MessageRequested(message: ids[index], alert: alert, state: state, severity: "warning", title: "t\(index)", text: "x", fields: [], command: nil)
  }

  private func state<State: StreamState>(_ type: State.Type, _ facts: [Fact]) -> State {
    facts.reduce(into: State()) { $0.evolve(RegistryTests.record($1, "channel/ops")) }
  }

  @Test func `a message's successor is the next that waits about the same alert, and what is folded goes with it`() {
    let requested = [
      Fact.messageRequested(message(0, alert)), .messageRequested(message(1, other)), .messageRequested(message(2, alert)),
      .messageRequested(message(3, alert)),
    ]
    let waiting = state(ChannelState.self, requested)
    #expect(
      waiting.successor(of: ids[0]) == ids[2] && waiting.successor(of: ids[2]) == ids[3] && waiting.successor(of: ids[1]) == nil
        && waiting.successor(of: ids[3]) == nil)
    let folded = state(
      ChannelState.self,
      requested + [.messageFolded(MessageFolded(message: ids[0], into: ids[2])), .messageFolded(MessageFolded(message: ids[2], into: ids[3]))])
    #expect(
      folded.waiting(ids[3])?.foldedTitles == ["t0", "t2"] && folded.waiting(ids[3])?.foldedCount == 2 && folded.attempts(at: ids[0]) == nil
        && folded.attempts(at: ids[3]) == 0)
  }

  @Test func `what came and went while people could not be told is told with the next message, but machines are told of each alert`() {
    func missed(_ kind: ChannelSpecification.Kind, _ facts: [Fact], beside index: Int) -> [UUID] {
      state(ChannelState.self, [.channelDefined(ChannelSpecification(name: "ops", kind: kind))] + facts).missed(beside: ids[index])
    }
    let people = ChannelSpecification.Kind.slackWebhook(url: CredentialReference(.environment("HOOK")))
    let down = Fact.messageDelayed(
      MessageDelayed(message: ids[2], attempt: 1, reason: "503", retryAt: RegistryTests.record(.messageRequested(message(2, other))).at + .seconds(9)))
    let requested = [
      Fact.messageRequested(message(0, alert)), .messageRequested(message(1, alert, "resolved")), .messageRequested(message(2, other)), down,
    ]
    #expect(missed(people, requested, beside: 2) == [ids[0], ids[1]])
    #expect(missed(people, requested, beside: 1) == [], "the other alert goes on")
    #expect(missed(.http(url: "https://example.com", secret: nil), requested, beside: 2) == [])
    #expect(missed(people, requested.dropLast(), beside: 2) == [], "nothing failed")
    let sent = Fact.messageSent(MessageSent(message: ids[0], attempt: 1, alert: alert, receipt: [:]))
    #expect(missed(people, [requested[0], sent] + requested[1...], beside: 2) == [], "people wait to hear that it is over")
  }

  @Test func `after a failure others wait as long as it does, but half a minute at most, and no longer once a message was taken`() {
    func delayed(_ seconds: Int64) -> Fact {
      .messageDelayed(
        MessageDelayed(message: ids[0], attempt: 1, reason: "503", retryAt: RegistryTests.record(.messageRequested(message(0, alert))).at + .seconds(seconds)))
    }
    let at = RegistryTests.record(delayed(0)).at
    let requested = Fact.messageRequested(message(0, alert))
    #expect(state(ChannelState.self, [requested, delayed(2)]).pausedUntil == at + .seconds(2))
    #expect(state(ChannelState.self, [requested, delayed(900)]).pausedUntil == at + .seconds(30))
    let sent = Fact.messageSent(MessageSent(message: ids[1], attempt: 1, alert: nil, receipt: [:]))
    #expect(state(ChannelState.self, [requested, delayed(900), sent]).pausedUntil == nil)
  }

  @Test func `what was given up can be sent again, but for what people were told more of since`() throws {
    func abandoned(_ index: Int) -> Fact { .messageAbandoned(MessageAbandoned(message: ids[index], attempt: 1, reason: "404")) }
    let facts: [Fact] = [
      .messageRequested(message(0, alert)), .messageRequested(message(1, other)), .messageRequested(message(2, nil, "test")), abandoned(0), abandoned(1),
      abandoned(2),
      .messageRequested(message(3, alert, "escalated")), .messageSent(MessageSent(message: ids[3], attempt: 1, alert: alert, receipt: [:])),
    ]
    let letters = state(DeadLetters.self, facts)
    #expect(letters.all.map(\.request.message) == [ids[0], ids[1]] && letters.all.map(\.reason) == ["404", "404"])
    #expect(try letters.redrive() == [.messageRedriven(message(1, other))])
    #expect(try letters.redrive(only: ids[0]) == [.messageRedriven(message(0, alert))])
    #expect(throws: Refusal.self) { try letters.redrive(only: ids[3]) }
    let again = state(DeadLetters.self, facts + [.messageRedriven(message(1, other))])
    #expect(again.all.map(\.request.message) == [ids[0]])
    #expect(try again.redrive().isEmpty)
    #expect(state(ChannelState.self, facts + [.messageRedriven(message(1, other))]).attempts(at: ids[1]) == 0)
  }

  @Test func `a channel that forgets is told again what goes on, and for a while what is over`() {
    let settings = AlertmanagerSettings(url: "http://h")
    let defined = Fact.channelDefined(ChannelSpecification(name: "ops", kind: .alertmanager(settings)))
    let said = state(
      ChannelState.self,
      [defined, .messageRequested(message(0, alert)), .messageRequested(message(1, other)), .messageRequested(message(2, alert, "resolved"))]
    ).said
    #expect(Set(said.map(\.message)) == [ids[1], ids[2]])
    #expect(state(ChannelState.self, [.messageRequested(message(0, alert))]).said.isEmpty)
  }
}

struct MonitorStateTests {
  @Test func `a window is late when it ends before one that was counted, for each part by itself`() {
    var state = MonitorState()
    let time = Timestamp(seconds: 1000)
    func measured(_ part: Part, _ end: Timestamp, inconclusive: Bool = false) -> FactRecord {
      RegistryTests.record(
        .measurementRecorded(
          MeasurementRecorded(
            window: WindowReference(id: WindowID(UUID()), startAt: end, endAt: end, source: ""), part: part, rows: 1, drift: nil, columns: [],
            metrics: [:], late: false, inconclusive: inconclusive)), "monitor/live")
    }
    #expect(!state.isLate(.input, endAt: time))
    state.evolve(measured(.input, time))
    #expect(state.isLate(.input, endAt: time - .seconds(1)) && !state.isLate(.input, endAt: time))
    #expect(!state.isLate(.quality, endAt: time - .seconds(1)))
    state.evolve(measured(.input, time - .seconds(10)))
    #expect(state.isLate(.input, endAt: time - .seconds(1)), "a late window does not turn the clock back")
    state.evolve(measured(.input, time + .seconds(10), inconclusive: true))
    #expect(!state.isLate(.input, endAt: time + .seconds(1)), "an inconclusive window was not counted")
  }
}
