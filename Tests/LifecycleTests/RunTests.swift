import Foundation
import Lifecycle
import Testing
import Values

struct RunTests {
  static func world(retries: Int = 2) -> (Simulation, RunID) {
    let pipeline = Specifications.pipeline(retries: retries)
    var world = Simulation(Simulation.spec.with { $0.pipelines = [pipeline] })
    let run = world.retrain(pipeline, by: "dora")
    return (world, run)
  }

  static func failures(_ world: Simulation, _ run: RunID) -> [RunFailed] {
    world.records(run.stream).compactMap {
      switch $0.fact {
      case .runFailed(let fact), .runTimedOut(let fact): fact
      default: nil
      }
    }
  }

  @Test func `a run is trained, evaluated and succeeds`() throws {
    var (world, run) = Self.world()
    var phases: [RunState.Phase] = [world.state(run.stream, RunState.self).phase]
    try world.start(run)
    phases.append(world.state(run.stream, RunState.self).phase)
    let version = try world.train(run)
    phases.append(world.state(run.stream, RunState.self).phase)
    #expect(world.state(run.stream, RunState.self).step == .evaluate)
    try world.evaluate(run, passed: true)
    let end: RunState = world.state(run.stream)
    #expect(phases + [end.phase] == [.requested, .running, .evaluating, .succeeded])
    #expect(end.version == version && end.passed == true && end.requestedBy?.actor == "dora" && !end.isActive)
  }

  @Test func `failed attempts are retried after 1, 2, 4 seconds, and then the run has failed`() throws {
    var (world, run) = Self.world(retries: 3)
    for _ in 0..<4 {
      try world.start(run)
      try world.fail(run)
      world.advance(by: .seconds(600))
    }
    let failures = Self.failures(world, run)
    let starts = world.records(run.stream).filter { $0.fact.type == "run_failed" }.map(\.at)
    #expect(zip(failures, starts).map { $0.retryAt.map { $0 } == nil ? nil : ($0.retryAt! - $1).inSeconds } == [1, 2, 4, nil])
    #expect(failures.map(\.attempt) == [1, 2, 3, 4])
    #expect(world.state(run.stream, RunState.self).phase == .failed)
  }

  @Test func `the pause between attempts has a limit of five minutes`() throws {
    var (world, run) = Self.world(retries: 12)
    for _ in 0..<12 {
      try world.start(run)
      try world.fail(run)
    }
    #expect(Self.failures(world, run).last?.retryAt == world.now + .seconds(300))
  }

  @Test func `an attempt that took too long is retried too, and the last one times the run out`() throws {
    var (world, run) = Self.world(retries: 1)
    try world.start(run)
    try world.fail(run, timedOut: true)
    #expect(world.state(run.stream, RunState.self).phase == .requested)
    try world.start(run)
    try world.fail(run, timedOut: true)
    #expect(world.state(run.stream, RunState.self).phase == .timedOut)
    #expect(world.types(run.stream).filter { $0 == "run_timed_out" }.count == 2)
  }

  @Test func `what cannot be mended is not retried`() throws {
    var (world, run) = Self.world(retries: 5)
    try world.start(run)
    try world.fail(run, retryable: false)
    #expect(world.state(run.stream, RunState.self).phase == .failed)
  }

  @Test func `evaluation has retries of its own`() throws {
    var (world, run) = Self.world(retries: 1)
    try world.start(run)
    try world.fail(run)
    try world.train(run)
    try world.start(run)
    #expect(world.state(run.stream, RunState.self).attempt == 1)
    try world.fail(run)
    let state: RunState = world.state(run.stream)
    #expect(state.phase == .evaluating && state.step == .evaluate && state.isActive)
    try world.start(run)
    try world.fail(run)
    #expect(world.state(run.stream, RunState.self).phase == .failed)
  }

  @Test func `a trainer that takes its worker with it ends some time`() throws {
    var (world, run) = Self.world(retries: 2)
    var attempts = 0
    while !world.state(run.stream, RunState.self).isExhausted {
      try world.start(run)
      attempts += 1
      try #require(attempts < 100)
    }
    #expect(attempts == 8, "three that it may have, and five that were lost")
    try world.fail(run, retryable: false)
    #expect(world.state(run.stream, RunState.self).phase == .failed)
  }

  @Test func `an attempt lost and then one that fails still has its retries`() throws {
    var (world, run) = Self.world(retries: 1)
    try world.start(run)
    try world.start(run)
    try world.fail(run)
    #expect(world.state(run.stream, RunState.self).isActive)
    #expect(Self.failures(world, run).first?.attempt == 2)
  }

  @Test func `a run is cancelled at any point before its end, once`() throws {
    for steps in 0..<3 {
      var (world, run) = Self.world()
      if steps > 0 { try world.start(run) }
      if steps > 1 { try world.train(run) }
      world.append(try world.state(run.stream, RunState.self).cancel(reason: "mistake"), to: run.stream, by: "otto")
      world.settle()
      let state: RunState = world.state(run.stream)
      #expect(state.phase == .cancelled)
      #expect(throws: Refusal.conflict("the run has been cancelled already")) { try state.cancel(reason: nil) }
      #expect(throws: Refusal.conflict("the run has been cancelled already")) { try state.start(worker: "w") }
      #expect(throws: Refusal.conflict("the run has been cancelled already")) {
        try state.fail(reason: "", timedOut: false, lastLines: nil, at: world.now)
      }
    }
  }

  @Test func `what is over is not begun again`() throws {
    var (world, run) = Self.world()
    try world.train(run)
    try world.evaluate(run, passed: true)
    #expect(throws: Refusal.conflict("the run has succeeded already")) { try world.start(run) }
    #expect(throws: Refusal.unknown("there is no such run")) { try RunState().cancel(reason: nil) }
    var (other, lost) = Self.world(retries: 0)
    try other.start(lost)
    try other.fail(lost, timedOut: true)
    #expect(throws: Refusal.conflict("the run has timed out already")) { try other.start(lost) }
  }

  @Test func `a step is asked for by the event before it, so that its work has an id of its own`() throws {
    var (world, run) = Self.world()
    var asked: [UUID?] = [world.state(run.stream, RunState.self).stepRequest]
    try world.start(run)
    try world.fail(run)
    asked.append(world.state(run.stream, RunState.self).stepRequest)
    try world.train(run)
    asked.append(world.state(run.stream, RunState.self).stepRequest)
    #expect(Set(asked).count == 3 && !asked.contains(nil))
  }
}
