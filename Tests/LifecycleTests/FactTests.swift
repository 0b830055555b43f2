import Foundation
@testable import Lifecycle
import Testing
import Values

struct FactTests {
  @Test func `there is a sample of every type that Kedge writes`() {
    #expect(FactSamples.all.map(\.type).sorted() == Fact.types.sorted())
    #expect(Set(Fact.types).count == Fact.types.count)
  }

  @Test(arguments: FactSamples.all.indices)
  func `a fact reads back from its JSON as it was`(index: Int) throws {
    let fact = FactSamples.all[index]
    let text = try fact.data().description
    let read = try Fact(type: fact.type, schema: fact.schema, data: JSON(parsing: text))
    #expect(read == fact, "\(fact.type): \(text)")
    #expect(try read?.data().description == text)
  }

  @Test(arguments: FactSamples.all.indices)
  func `the data of a fact is an object whose keys are in snake case`(index: Int) throws {
    let object = try FactSamples.all[index].data().object.unwrapped
    for (key, _) in object.members { #expect(key.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" }, "\(key)") }
  }

  @Test(arguments: FactSamples.all.indices)
  func `a fact of a newer schema than this program's is refused`(index: Int) throws {
    let fact = FactSamples.all[index]
    #expect(throws: UnknownSchema(type: fact.type, schema: fact.schema + 1, newest: fact.schema)) {
      try Fact(type: fact.type, schema: fact.schema + 1, data: try fact.data())
    }
  }

  @Test(arguments: [1, 2, 1000])
  func `an event of a type that is not Kedge's own is none of its business`(schema: Int) throws {
    #expect(try Fact(type: "note_added", schema: schema, data: ["text": "hello"]) == nil)
    #expect(try Fact(type: "", schema: schema, data: nil) == nil)
  }

  @Test func `what lacks a key of its type is refused by its name`() {
    let error = #expect(throws: DecodingError.self) { try Fact(type: "deployment_held", schema: 1, data: [:]) }
    #expect(error?.summary == "reason: missing")
    #expect(throws: DecodingError.self) { try Fact(type: "alias_moved", schema: 1, data: ["alias": "champion", "version": "nonsense"]) }
    #expect(throws: DecodingError.self) { try Fact(type: "run_requested", schema: 1, data: ["reason": ["kind": "alert"]]) }
  }

  @Test func `members that this program does not know are ignored`() throws {
    #expect(try Fact(type: "deployment_held", schema: 1, data: ["reason": "r", "colour": "red"]) == .deploymentHeld(DeploymentHeld(reason: "r")))
  }

  @Test func `an event of an older schema is read through the steps from its own on`() throws {
    let steps: [String: [Fact.Upcaster]] = [
      "deployment_held": [
        // Schema 1 called it why, schema 2 cause, schema 3 reason.
        { old in
          var new: JSON = [:]
          new["cause"] = old["why"]
          return new
        },
        { old in
          var new: JSON = [:]
          new["reason"] = old["cause"]
          return new
        },
      ]
    ]
    let expected = Fact.deploymentHeld(DeploymentHeld(reason: "r"))
    #expect(try Fact(type: "deployment_held", schema: 1, data: ["why": "r"], upcasters: steps) == expected)
    #expect(try Fact(type: "deployment_held", schema: 2, data: ["cause": "r"], upcasters: steps) == expected)
    #expect(try Fact(type: "deployment_held", schema: 3, data: ["reason": "r"], upcasters: steps) == expected)
    #expect(throws: UnknownSchema(type: "deployment_held", schema: 4, newest: 3)) {
      try Fact(type: "deployment_held", schema: 4, data: ["reason": "r"], upcasters: steps)
    }
    #expect(try Fact(type: "run_succeeded", schema: 1, data: ["version": "m/1"], upcasters: steps) == .runSucceeded(RunSucceeded(version: v(1))))
  }

  @Test func `an unknown schema says what to do`() {
    #expect(
      UnknownSchema(type: "alias_moved", schema: 7, newest: 1).description
        == "alias_moved has schema 7, and this version of Kedge reads up to 1; run a newer one")
  }

  @Test(arguments: [
    RunReason.alert(AlertID(FactSamples.uuid), rule: "r"), .alerts([AlertID(FactSamples.uuid)], rule: "r"),
    .schedule("s", dueAt: FactSamples.at), .person("why"), .person(nil), .stream("detector"),
  ])
  func `every reason of a run reads back`(reason: RunReason) throws {
    let json = try JSON(encoding: reason)
    #expect(json["kind"]?.string == reason.kind)
    #expect(try json.decode(RunReason.self) == reason)
  }

  @Test func `a number that JSON cannot hold is refused rather than changed`() {
    var measurement = MeasurementRecorded(
      window: FactSamples.window, part: .input, rows: 1, drift: nil, columns: [], metrics: ["x": .infinity], late: false, inconclusive: false)
    #expect(throws: EncodingError.self) { try Fact.measurementRecorded(measurement).data() }
    measurement.metrics = ["x": 0.1 + 0.2]
    #expect(throws: Never.self) { try Fact.measurementRecorded(measurement).data() }
  }
}
