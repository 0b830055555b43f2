import TestSupport
import Testing

/// Issue 3: append, seal, claim and complete, checked in every order that there is for a few of each.
@Suite struct `The model of the log` {
  private typealias Writer = LogModel.Writer

  /// A few transactions each: ids drawn early and late, on one stream and two, beside sealers that commit or abort.
  private static let scenarios: [LogModel] = [
    LogModel(writers: [Writer(streams: [0, 1], drawsIDEarly: true)], sealers: 2, sealersAppend: true),
    LogModel(writers: [Writer(streams: [0, 0], drawsIDEarly: true)], sealers: 3),
    LogModel(writers: [Writer(streams: [0], drawsIDEarly: true), Writer(streams: [0, 1])], sealers: 2),
    LogModel(writers: [Writer(streams: [0], drawsIDEarly: true), Writer(streams: [0], drawsIDEarly: true), Writer(streams: [1])], sealers: 1),
    LogModel(writers: [Writer(streams: [0, 0], drawsIDEarly: true), Writer(streams: [0, 1]), Writer(streams: [1, 1])], sealers: 1),
  ]
  /// Three writers of two events each and two sealers: for ops/torture.
  private static let large = [
    LogModel(writers: [Writer(streams: [0, 1], drawsIDEarly: true), Writer(streams: [0, 1], drawsIDEarly: true), Writer(streams: [1, 1])], sealers: 2)
  ]
  static let checked = Torture.checksLargeModels ? scenarios + large : scenarios

  @Test(arguments: checked.indices)
  func `whatever the order, each committed event is sealed once, after all that its writer saw`(scenario: Int) {
    let check = Self.checked[scenario].check()
    print("model of the log, scenario \(scenario): \(check)")
    if Torture.checksLargeModels { Torture.say("= model of the log, scenario \(scenario): \(check.summary)") }
    #expect(check.counterexample == nil, "\(check)")
    #expect(check.ends > 1)
  }

  @Test(arguments: LogModel.Mistake.allCases)
  func `a model of a wrong log is refuted`(mistake: LogModel.Mistake) {
    let refuted = Self.scenarios.lazy.map { scenario in
      var wrong = scenario
      wrong.mistake = mistake
      return wrong.check()
    }.first { $0.counterexample != nil }
    print("model of the log, \(mistake): \(refuted?.summary ?? "not refuted")")
    #expect(refuted != nil)
  }

  @Test(arguments: [(2, 2), (3, 1)])
  func `whatever the order, work is completed once, by whoever holds the newest token`(workers: Int, claims: Int) {
    let check = LeaseModel(workers: workers, claims: claims).check()
    print("model of leases, \(workers) workers, \(claims) claims: \(check)")
    #expect(check.counterexample == nil, "\(check)")
    #expect(check.ends > 1)
  }

  @Test(arguments: LeaseModel.Mistake.allCases)
  func `a model of wrong leases is refuted`(mistake: LeaseModel.Mistake) {
    let check = LeaseModel(mistake: mistake).check()
    print("model of leases, \(mistake): \(check.summary)")
    #expect(check.counterexample != nil)
  }
}
