import EventLog
import Foundation
import Lifecycle
import PostgreSQL
import Projections
import TestSupport
import Testing
import Values

/// A projection is rebuilt beside the live one, compared, and swapped.
@Suite struct RebuildTests {
  @Test func `a rebuild puts right what is wrong and touches no other row`() async throws {
    try await Story.with { story in
      let ids = try await story.alerts(6)
      try await story.catchUp()
      try await story.client.query("update kedge.alert set severity = 'critical' where id = \(ids[0].uuid)")
      try await story.client.query("delete from kedge.alert where id = \(ids[1].uuid)")
      try await story.client.query(
        """
        insert into kedge.alert (id, rule, state, severity, condition, since_at, position)
        values (gen_random_uuid(), 'bogus', 'firing', 'info', 'x', now(), 1)
        """)
      let rest: Query =
        "select format('%s %s %s', id, xmin, ctid) from kedge.alert where rule <> 'bogus' and id <> all(\([ids[0].uuid, ids[1].uuid])) order by 1"
      let untouched = try await story.texts(rest)
      let report = try await story.replay("alerts").rebuild()
      #expect(report.differences.map { [$0.changed, $0.surplus, $0.missing] } == [[1, 1, 1]])
      #expect(report.differences.map(\.table) == ["alert"])
      #expect(report.differences.first?.onlyLive.count == 2)
      #expect(report.differences.first?.onlyReplayed.count == 2)
      #expect(report.rows == 6)
      #expect(try await story.texts(rest) == untouched)
      #expect(try await story.differing().isEmpty)
      #expect(try await story.leftovers().isEmpty)
    }
  }

  @Test func `readers see the old rows until the swap`() async throws {
    try await Story.with { story in
      _ = try await story.alerts(3)
      try await story.catchUp()
      try await story.client.query("update kedge.alert set reason = 'old'")
      let seen = Notebook()
      _ = try await story.replay("alerts").rebuild { step in
        let old = try await story.client.query("select count(*) from kedge.alert where reason = 'old'", as: Int.self)[0]
        switch step {
        case .begun, .read, .compared: await seen.note("before \(old)")
        case .swapped: await seen.note("after \(old)")
        }
      }
      #expect(await seen.notes == ["before 3", "before 3", "before 3", "after 0"])
    }
  }

  @Test func `the live projection goes on while a rebuild reads`() async throws {
    try await Story.with { story in
      _ = try await story.alerts(3)
      try await story.catchUp()
      let report = try await story.replay("alerts").rebuild { step in
        guard case .read = step, try await story.client.query("select count(*) from kedge.alert", as: Int.self)[0] == 3 else { return }
        _ = try await story.alerts(2)
        try await story.catchUp()
        #expect(try await story.client.query("select count(*) from kedge.alert", as: Int.self)[0] == 5)
      }
      #expect(report.rows == 5)
      #expect(report.differences.isEmpty)
    }
  }

  @Test func `a rebuild appends no event, asks for no message and leaves work that is under way alone`() async throws {
    try await Story.with { story in
      try await story.append([.channelDefined(ChannelSpecification(name: "ops", kind: .http(url: "http://127.0.0.1:9", secret: nil)))], "channel/ops")
      for name in ["a", "b"] {
        let message = MessageRequested(
          message: UUID(), alert: nil, state: "firing", severity: "warning", title: name, text: name, fields: [], command: nil)
        try await story.append([.messageRequested(message)], "channel/ops")
      }
      try await story.catchUp(allFollowers())
      let claimed = try await story.client.query(
        "select id, token from kedge.claim('{notify}', 'notifier', interval '10 minutes', 1)", as: UUID.self, Int64.self)[0]
      let length = try await story.length()
      let work: Query = "select format('%s %s %s', xmin, ctid, to_jsonb(w)) from kedge.work w order by id"
      let leases: Query = "select format('%s %s', xmin, to_jsonb(l)) from kedge.lease l order by work"
      let policies: Query =
        "select format('%s %s %s', xmin, name, position) from kedge.follower where name in ('alerting', 'notifying', 'retraining') order by name"
      let before = (try await story.texts(work), try await story.texts(leases), try await story.texts(policies))
      for type in allProjections { #expect(try await Replay(type, story.client).rebuild().differences.isEmpty) }
      #expect(try await story.length() == length)
      #expect(before.0.count == 2)
      #expect(try await story.texts(work) == before.0)
      #expect(try await story.texts(leases) == before.1)
      #expect(try await story.texts(policies) == before.2)
      // The one that was claimed before is completed after it, once, and the other is still there to be claimed.
      let lease = LeaseToken(work: claimed.0, token: claimed.1)
      let done = Append(
        stream: StreamName("channel/ops"), expected: .any, events: [NewEvent(type: "note_added", data: [:])])
      try await EventStore(story.client).append([done], by: Attribution(actor: "notifier"), lease: lease, completing: true)
      _ = try await story.replay("work").rebuild()
      let next = try await story.client.query("select id from kedge.claim('{notify}', 'notifier', interval '10 minutes', 9)", as: UUID.self)
      #expect(next.count == 1)
      #expect(!next.contains(claimed.0))
    }
  }

  @Test func `work that a rebuild puts right keeps the lease of whoever does it`() async throws {
    try await Story.with { story in
      let message = MessageRequested(message: UUID(), alert: nil, state: "firing", severity: "warning", title: "a", text: "a", fields: [], command: nil)
      try await story.append([.messageRequested(message)], "channel/ops")
      try await story.catchUp()
      let (work, token) = try await story.client.query(
        "select id, token from kedge.claim('{notify}', 'notifier', interval '10 minutes', 1)", as: UUID.self, Int64.self)[0]
      try await story.client.query("update kedge.work set data = '{}'")
      #expect(try await story.replay("work").rebuild().differences.map(\.changed) == [1])
      #expect(try await story.client.query("select kedge.heartbeat(\(work), \(token), interval '10 minutes')").count == 1)
      #expect(try await story.client.query("select id from kedge.claim('{notify}', 'other', interval '10 minutes', 9)").isEmpty)
    }
  }

  @Test func `a policy cannot be rebuilt`() async throws {
    try await Story.with { story in
      for follower in allFollowers() where !allProjections.contains(where: { $0.name == follower.name }) {
        #expect(Replay(follower.name, story.client) == nil)
      }
    }
  }

  @Test func `a second rebuild at the same time is refused and names the first`() async throws {
    try await Story.with { story in
      _ = try await story.alerts(2)
      try await story.catchUp()
      _ = try await story.replay("alerts").rebuild { step in
        guard case .begun = step else { return }
        let refused = await #expect(throws: ReplayError.self) { try await story.replay("alerts").rebuild() }
        guard case .underWay("alerts", let process?) = refused else {
          Issue.record("\(String(describing: refused))")
          return
        }
        #expect(try await story.client.query("select 1 from pg_stat_activity where pid = \(process)").count == 1)
        // Another projection, and comparing this one, is nobody's trouble.
        _ = try await story.replay("registry").rebuild()
        #expect(try await story.replay("alerts").verify().differences.isEmpty)
      }
      #expect(try await story.replay("alerts").rebuild().differences.isEmpty)
      #expect(try await story.leftovers().isEmpty)
    }
  }

  @Test(arguments: Moment.allCases)
  func `a rebuild that is killed leaves the live rows right, and the next one starts cleanly`(at moment: Moment) async throws {
    try await Story.with { story in
      // More than two batches.
      for _ in 0..<5 { try await story.append((0..<500).map { _ in note() }, "alert/\(UUID().uuidString.lowercased())") }
      _ = try await story.alerts(4)
      try await story.catchUp()
      try await story.client.query("update kedge.alert set reason = 'wrong'")
      let reads = Notebook()
      let doomed = story.database.makeClient()
      await #expect(throws: (any Error).self) {
        _ = try await Replay("alerts", doomed)!.rebuild { step in
          switch (moment, step) {
          case (.before, .begun), (.beforeSwap, .compared), (.afterSwap, .swapped): try await story.killOthers()
          case (.amidBatches, .read):
            await reads.note("read")
            if await reads.notes.count == 2 { try await story.killOthers() }
          default: return
          }
        }
      }
      let count = await reads.notes.count
      #expect(count == (moment == .amidBatches ? 2 : 0))
      let wrong = try await story.client.query("select count(*) from kedge.alert where reason = 'wrong'", as: Int.self)[0]
      #expect(wrong == (moment == .afterSwap ? 0 : 4))
      // The live projection goes on from where it was.
      _ = try await story.alerts(2)
      try await story.catchUp()
      #expect(try await story.client.query("select count(*) from kedge.alert", as: Int.self)[0] == 6)
      let report = try await story.replay("alerts").rebuild()
      #expect(report.differences.map(\.changed) == (moment == .afterSwap ? [] : [4]))
      #expect(try await story.leftovers().isEmpty)
      #expect(try await story.differing().isEmpty)
    }
  }

  enum Moment: CaseIterable, Sendable { case before, amidBatches, beforeSwap, afterSwap }

  /// An event that changes no row.
  private func note() -> Fact { .alertEscalated(AlertEscalated(severity: "critical", reason: "x")) }

  @Test func `rebuilds beside several writers at full speed equal what is followed`() async throws {
    try await Story.with { story in
      let signal = LogSignal()
      let appended = try await withThrowingTaskGroup(of: Int.self) { group in
        let followers = FollowerRunner(allProjections.map { ProjectionFollower($0) }, on: story.client, holder: "live", signal: signal, logger: Story.logger)
        let sealer = Sealer(story.client, holder: "live", signal: signal, logger: Story.logger)
        let following = Task { await followers.run() }
        let sealing = Task { await sealer.run() }
        let rebuilt = Notebook()
        for writer in 0..<4 {
          group.addTask {
            var count = 0
            while await rebuilt.notes.count < 6 {
              let model = "m\(writer)"
              let version = VersionName(model: model, number: count / 3 + 1)
              count += try await story.append(
                [
                  .versionRegistered(VersionRegistered(version: version, artifact: Artifact(sha256: "s", size: 1, name: "a"), run: RunID(UUID()))),
                  .versionTagged(VersionTagged(version: version, tags: ["a": "\(count)"])),
                  .aliasMoved(AliasMoved(alias: "champion", version: version, previous: nil)),
                ], "model/\(model)"
              ).count
              count += try await story.alerts(2, rule: model).count + 1
            }
            return count
          }
        }
        for round in 0..<3 {
          for name in ["registry", "alerts"] {
            // Not before the live one has something new.
            let before = try await story.client.query("select position from kedge.follower where name = \(name)", as: Int64.self).first ?? 0
            #expect(
              try await eventually(within: .seconds(60)) {
                try await story.client.query("select position from kedge.follower where name = \(name)", as: Int64.self).first ?? 0 > before
              })
            let report = try await story.replay(name).rebuild()
            // The replay may be ahead of the live rows, never different from them: no row that only they have.
            #expect(report.differences.allSatisfy { $0.surplus == 0 }, "round \(round): \(report.differences)")
            await rebuilt.note("\(name) at \(report.position)")
          }
        }
        let counts = try await group.reduce(0, +)
        following.cancel()
        sealing.cancel()
        await following.value
        await sealing.value
        return counts
      }
      try await story.catchUp()
      #expect(try await story.client.query("select count(*) from kedge.event", as: Int.self)[0] == appended)
      #expect(try await story.differing().isEmpty)
      #expect(try await story.client.query("select count(*) from kedge.model_version", as: Int.self)[0] > 0)
    }
  }

  @Test func `a new version of a projection fills a table of another shape`() async throws {
    try await Story.with { story in
      let ids = try await story.alerts(3)
      try await story.catchUp()
      // What a migration does; the old version goes on writing.
      try await story.client.execute(
        unsafeScript: "alter table kedge.alert drop column metric cascade; alter table kedge.alert add column headline text", name: "migrate")
      let report = try await Replay(AlertsWithHeadlines.self, story.client).rebuild()
      #expect(report.differences.map { [$0.changed, $0.surplus, $0.missing] } == [[3, 0, 0]])
      #expect(try await story.texts("select headline from kedge.alert where id = \(ids[0].uuid)") == ["r fires"])
      _ = try await story.append([.alertRaised(raised("new"))], AlertID(UUID()).stream)
      try await story.catchUp([ProjectionFollower(AlertsWithHeadlines.self)])
      #expect(try await Replay(AlertsWithHeadlines.self, story.client).verify().differences.isEmpty)
      #expect(try await story.texts("select headline from kedge.alert order by position").count == 4)
    }
  }

  @Test func `a stream that is halted stays halted where the replay cannot digest the event either`() async throws {
    try await Story.with { story in
      let good = AlertID(UUID())
      let bad = AlertID(UUID())
      try await story.append([.alertRaised(raised("good"))], good.stream)
      try await story.append([.alertPending(pending("fine")), .alertRaised(raised("bad")), note(), note()], bad.stream)
      try await story.append([.alertRaised(raised("good"))], AlertID(UUID()).stream)
      try await story.catchUp([ProjectionFollower(AlertsThatChoke.self)])
      let halted: Query = "select format('%s %s %s %s %s', stream, position, event, parked, halted_at) from kedge.halted_stream"
      let before = try await story.texts(halted)
      #expect(before.count == 1)
      let verified = try await Replay(AlertsThatChoke.self, story.client).verify()
      #expect(verified.differences.isEmpty)
      #expect(verified.halted.map(\.text) == [bad.stream])
      #expect(verified.freed.isEmpty)
      try await story.client.query("update kedge.alert set severity = 'info'")
      #expect(try await Replay(AlertsThatChoke.self, story.client).rebuild().differences.map(\.changed) == [3])
      #expect(try await story.texts(halted) == before)

      // Passed over, it stays passed over, and what was parked is there.
      let outcome = try await HaltedStreams(story.client).release(
        StreamName(bad.stream), of: ProjectionFollower(AlertsThatChoke.self), .passOver, by: Attribution(actor: "ann"))
      #expect(outcome == .released(events: 2))
      let again = try await Replay(AlertsThatChoke.self, story.client).rebuild()
      #expect(again.differences.isEmpty)
      #expect(again.halted.isEmpty)
      #expect(try await story.texts("select state || ' ' || severity from kedge.alert where id = \(bad.uuid)") == ["pending critical"])
    }
  }

  @Test func `a stream that is halted goes on when the new version digests the event`() async throws {
    try await Story.with { story in
      let bad = AlertID(UUID())
      try await story.append([.alertPending(pending("fine")), .alertRaised(raised("bad")), note()], bad.stream)
      try await story.catchUp([ProjectionFollower(AlertsThatChoke.self)])
      #expect(try await HaltedStreams(story.client).list().map(\.stream.text) == [bad.stream])
      let length = try await story.length()
      let report = try await story.replay("alerts").rebuild()
      #expect(report.freed.map(\.text) == [bad.stream])
      #expect(report.differences.map(\.changed) == [1])
      #expect(try await HaltedStreams(story.client).list().isEmpty)
      #expect(try await story.length() == length)
      #expect(try await story.texts("select state || ' ' || severity from kedge.alert") == ["firing critical"])
      try await story.append([.alertResolved(AlertResolved(reason: "good"))], bad.stream)
      try await story.catchUp()
      #expect(try await story.texts("select state from kedge.alert") == ["resolved"])
    }
  }

  @Test func `a rebuild during which a stream is released swaps nothing`() async throws {
    try await Story.with { story in
      let bad = AlertID(UUID())
      try await story.append([.alertRaised(raised("bad"))], bad.stream)
      try await story.catchUp([ProjectionFollower(AlertsThatChoke.self)])
      await #expect(throws: ReplayError.released(projection: "alerts")) {
        try await Replay(AlertsThatChoke.self, story.client).rebuild { step in
          guard case .begun = step else { return }
          _ = try await HaltedStreams(story.client).release(
            StreamName(bad.stream), of: ProjectionFollower(AlertsThatChoke.self), .passOver, by: Attribution(actor: "ann"))
        }
      }
    }
  }

  @Test func `what a projection remembers is compared and put right too`() async throws {
    try await Story.with { story in
      let id = DeploymentID(UUID())
      let proposal = DeploymentProposed(
        endpoint: "e", model: "m", version: Samples.version, replaces: nil, run: nil, approvals: 1, stages: [RolloutStage(traffic: 100)], automatic: true,
        gatePassed: true, requestedBy: [])
      try await story.append([.deploymentProposed(proposal)], id.stream)
      try await story.catchUp()
      let remembered: Query = "select key || ' ' || state from kedge.follower_state where follower = 'deployments' and key not like '#%' order by key"
      let before = try await story.texts(remembered)
      try #require(!before.isEmpty)
      try await story.client.query("update kedge.follower_state set state = '{}' where follower = 'deployments' and key not like '#%'")
      #expect(try await story.replay("deployments").verify().differences.map(\.table) == ["follower_state"])
      _ = try await story.replay("deployments").rebuild()
      #expect(try await story.texts(remembered) == before)
    }
  }

  @Test func `a projection that has no rows yet, or was lost, is made whole`() async throws {
    try await Story.with { story in
      _ = try await story.alerts(4)
      try await Sealer.seal(story.client)
      #expect(try await story.replay("alerts").rebuild().differences.map(\.missing) == [4])
      try await story.catchUp()
      try await story.client.query("delete from kedge.alert")
      try await story.client.query("update kedge.follower set position = 999999 where name = 'alerts'")
      _ = try await story.replay("alerts").rebuild()
      #expect(try await story.client.query("select position from kedge.follower where name = 'alerts'", as: Int64.self) == [6])
      _ = try await story.alerts(1)
      try await story.catchUp()
      #expect(try await story.differing().isEmpty)
    }
  }

  @Test func `whoever may write read models may rebuild them`() async throws {
    try await Story.with { story in
      _ = try await story.alerts(2)
      try await story.catchUp()
      try await story.client.query("update kedge.alert set reason = 'wrong'")
      let worker = try await story.database.makeClient(memberOf: "kedge_app")
      #expect(try await Replay("alerts", worker)!.rebuild().differences.map(\.changed) == [2])
      let auditor = try await story.database.makeClient(memberOf: "kedge_auditor")
      await #expect(throws: PostgresError.self) { try await Replay("alerts", auditor)!.rebuild() }
    }
  }

  private func raised(_ rule: String) -> AlertRaised {
    AlertRaised(subject: AlertSubject(rule: rule, monitor: "m", severity: "warning", notify: []), value: 1, condition: "x", sinceAt: .init(seconds: 1))
  }

  private func pending(_ rule: String) -> AlertPending {
    AlertPending(
      subject: AlertSubject(rule: rule, monitor: "m", severity: "warning", notify: []), value: 1, condition: "x", count: 1, needed: 2,
      sinceAt: .init(seconds: 1))
  }
}

/// Remembers in order what it is told.
actor Notebook {
  private(set) var notes: [String] = []
  func note(_ text: String) { notes.append(text) }
}

/// The alerts with a column more and a column less.
struct AlertsWithHeadlines: Projection {
  static let name = AlertsProjection.name
  static let tables = AlertsProjection.tables
  static let categories = AlertsProjection.categories
  private var base = AlertsProjection()

  mutating func changes(for record: FactRecord) throws -> [RowChange] {
    try base.changes(for: record).map { change in
      switch change {
      case .put("alert", let key, var row):
        row["headline"] = .string("\(row["rule"]?.string ?? "") fires")
        return .put("alert", key: key, without(row))
      case .update("alert", let condition, let row): return .update("alert", where: condition, without(row))
      default: return change
      }
    }
  }

  private func without(_ row: JSON) -> JSON { JSON((row.object?.members ?? []).filter { $0.key != "metric" }.map { ($0.key, $0.value) }) }
}

/// The alerts, by a version that cannot digest a rule called bad.
struct AlertsThatChoke: Projection {
  static let name = AlertsProjection.name
  static let tables = AlertsProjection.tables
  static let categories = AlertsProjection.categories
  private var base = AlertsProjection()

  struct Choked: Error {}

  mutating func changes(for record: FactRecord) throws -> [RowChange] {
    if case .alertRaised(let fact) = record.fact, fact.subject.rule == "bad" { throw Choked() }
    return try base.changes(for: record)
  }
}
