import Foundation
import Lifecycle
import Testing
import Values

struct NotifyingTests {
  static func world(_ channels: [String] = ["ops"]) -> Simulation { Simulation(Simulation.spec.with { $0.rules[0].notify = channels }) }

  @Test func `people are told when an alert fires and when it is over, and not while it is pending`() {
    var world = Self.world()
    world.measure(0.5)
    #expect(world.messages.isEmpty)
    world.measure(0.5)
    world.measure(0.0)
    world.measure(0.0)
    #expect(world.messages.map(\.state) == ["firing", "resolved"])
    #expect(world.messages.map(\.title) == ["drifted fires on live", "drifted is resolved on live"])
    #expect(world.messages.allSatisfy { $0.alert == world.alerts[0] })
    #expect(world.messages[0].fields.map(\.name) == ["condition", "value", "since", "model", "drifted", "response"])
    #expect(world.messages[0].fields.last?.value == "retrain retrain")
    #expect(world.messages[1].fields.last?.name == "done" && world.messages[1].fields.last?.value.hasSuffix("of retrain was asked for") == true)
    #expect(world.messages.map(\.about?.subject.rule) == ["drifted", "drifted"] && world.messages.allSatisfy { $0.at != nil })
    let short = world.alerts[0].description.prefix(8)
    #expect(world.messages.map(\.command) == ["kedge describe alert \(short); kedge ack \(short)", "kedge why alert \(short)"])
  }

  @Test func `every channel of the rule gets a message of its own`() {
    var world = Self.world(["ops", "mail"])
    world.measure(0.5)
    world.measure(0.5)
    let requests = world.log.compactMap { if case .messageRequested(let fact) = $0.fact { fact.message } else { nil } }
    #expect(Set(requests).count == 2)
    #expect(world.types("channel/mail") == ["message_requested"])
  }

  @Test func `a pending alert that clears is not worth a message`() {
    var world = Self.world()
    world.measure(0.5)
    world.measure(0.0)
    #expect(world.messages.isEmpty)
  }

  @Test func `people are told when an alert gets worse`() {
    var world = Self.world()
    world.measure(0.5)
    world.measure(0.5)
    world.append([.alertEscalated(AlertEscalated(severity: "critical", reason: "nobody looked"))], to: world.alerts[0].stream)
    world.settle()
    #expect(world.messages.last?.severity == "critical" && world.messages.last?.text == "nobody looked")
  }

  @Test func `only channels that make something of it are told that somebody looks after an alert, and what was done is told with the end`() throws {
    var world = Self.world(["ops", "pager"])
    let kind = ChannelSpecification.Kind.pagerduty(routingKey: CredentialReference(.environment("K")), api: nil)
    world.append([.channelDefined(ChannelSpecification(name: "pager", kind: kind))], to: "channel/pager")
    for share in [0.5, 0.5] { world.measure(share) }
    world.append(try world.alert(0).decide(.acknowledge(reason: "calling the lab")), to: world.alerts[0].stream, by: "otto")
    world.settle()
    for share in [0.0, 0.0] { world.measure(share) }
    let pager = world.log.filter { $0.stream == "channel/pager" }.compactMap { if case .messageRequested(let fact) = $0.fact { fact } else { nil } }
    #expect(pager.map(\.state) == ["firing", "acknowledged", "resolved"])
    #expect(pager[1].title == "drifted is looked after by otto on live" && pager[1].text == "calling the lab" && pager[1].isOpen == true)
    #expect(world.messages.map(\.state) == ["firing", "resolved"])
    #expect(world.messages[1].fields.last?.value.contains("otto looks after it: calling the lab") == true)
  }

  @Test func `a message names the severities that were told before`() {
    var world = Self.world()
    for share in [0.5, 0.5] { world.measure(share) }
    for severity in ["critical", "warning"] {
      let fact: Fact =
        severity == "critical"
        ? .alertEscalated(AlertEscalated(severity: severity, reason: "worse")) : .alertEased(AlertEased(severity: severity, reason: "better"))
      world.append([fact], to: world.alerts[0].stream)
      world.settle()
    }
    for share in [0.0, 0.0] { world.measure(share) }
    #expect(world.messages.map(\.formerSeverities) == [nil, ["warning"], ["critical"], ["critical"]])
    #expect(world.messages.map(\.about?.subject.severity) == ["warning", "critical", "warning", "warning"])
  }

  @Test func `a false alarm after the alert was resolved is not told again`() throws {
    var world = Self.world()
    for share in [0.5, 0.5, 0.0, 0.0] { world.measure(share) }
    world.append(try world.alert(0).decide(.markFalse(reason: nil)), to: world.alerts[0].stream, by: "otto")
    world.settle()
    #expect(world.messages.count == 2)
  }

  @Test func `of many drifted columns ten are named`() {
    var policy = NotifyingPolicy()
    let subject = AlertSubject(rule: "r", severity: "warning", notify: ["ops"])
    let raised = AlertRaised(subject: subject, value: 1, condition: "c", sinceAt: Timestamp(seconds: 0), driftedColumns: (1...12).map { "c\($0)" })
    let record = FactRecord(
      .alertRaised(raised), id: UUID(), stream: AlertID(UUID()).stream, version: 1, position: 1, actor: "a", principal: "p", at: Timestamp(seconds: 0),
      correlation: nil)
    guard case .requestMessage("ops", let message)? = policy.react(to: record).first else { Issue.record("no message"); return }
    #expect(message.fields.last?.value == "c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 and 2 more")
    #expect(message.title == "r fires on kedge")
  }
}
