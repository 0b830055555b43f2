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
