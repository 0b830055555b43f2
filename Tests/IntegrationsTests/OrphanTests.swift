import Foundation
import Glibc
import Integrations
import StubServer
import Testing

/// However a run ends, nothing of it is left.
struct OrphanTests {
  /// Children, grandchildren in their own groups and sessions, and a daemon, each with the run in its environment; all but the first go on for minutes.
  static let family = """
    sleep 300 &
    sh -c 'sleep 301 & sleep 302' &
    setsid sh -c 'sleep 303 & sleep 304' &
    sh -c 'setsid sh -c "sleep 305 & exit" & exit'
    python3 -c '
    import os, time
    if os.fork() == 0:
      os.setsid()
      if os.fork() == 0:
        open("daemon", "w").close()
        time.sleep(306)
    ' &
    while [ ! -e daemon ]; do sleep 0.01; done
    """

  @Test func `a timeout ends the whole family`() async throws {
    let attempt = try Attempt()
    let result = await attempt.run(sh: "\(Self.family)\nwait; sleep 310", timeout: .milliseconds(1200))
    #expect(result.outcome == .timedOut(after: .milliseconds(1200)))
    #expect(result.lastLines.contains("kedge: the time is up, so the command is ended"))
    #expect(try attempt.processes() == [])
  }

  @Test func `cancelling ends the whole family`() async throws {
    let attempt = try Attempt()
    let task = Task { await attempt.run(sh: "\(Self.family)\ntouch ready; wait; sleep 310") }
    #expect(await eventually { attempt.directory.exists("ready") })
    #expect(try attempt.processes(matching: "sleep").count >= 6)
    task.cancel()
    #expect(await task.value.outcome == .cancelled)
    #expect(try attempt.processes() == [])
  }

  @Test func `a command that ends leaves nobody behind`() async throws {
    let attempt = try Attempt()
    let result = await attempt.run(sh: "\(Self.family)\nexit 4")
    #expect(result.outcome == .exited(code: 4))
    #expect(try attempt.processes() == [])
  }

  @Test func `those who ignore SIGTERM are killed after the grace`() async throws {
    let attempt = try Attempt()
    let script = "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & setsid sh -c 'trap \"\" TERM; touch ready; while :; do sleep 1; done'"
    let task = Task { await attempt.run(sh: script, grace: .milliseconds(200)) }
    #expect(await eventually { attempt.directory.exists("ready") })
    task.cancel()
    #expect(await task.value.outcome == .cancelled)
    #expect(try attempt.processes() == [])
  }

  @Test func `those who were stopped are ended too`() async throws {
    let attempt = try Attempt()
    let task = Task { await attempt.run(sh: "trap 'touch ended; exit' TERM; touch ready; kill -STOP $$; sleep 300", grace: .seconds(20)) }
    #expect(await eventually { attempt.directory.exists("ready") })
    task.cancel()
    #expect(await task.value.outcome == .cancelled)
    #expect(attempt.directory.exists("ended"))
    #expect(try attempt.processes() == [])
  }

  @Test func `a cancelled task starts nothing`() async throws {
    let attempt = try Attempt()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await attempt.run(sh: "touch started; sleep 300")
    }
    #expect(await task.value.outcome == .cancelled)
    #expect(try attempt.processes() == [])
  }

  @Test(arguments: 0..<12)
  func `cancelling at any instant leaves nobody`(step: Int) async throws {
    let attempt = try Attempt()
    let task = Task { await attempt.run(sh: "\(Self.family)\nsleep 310") }
    // Not a wait for something to happen: the instants are the argument.
    try await Task.sleep(for: .milliseconds(step * 7))
    task.cancel()
    #expect(await task.value.outcome == .cancelled)
    #expect(try attempt.processes() == [])
  }

  /// A worker in a process of its own, so that it can be killed.
  private func worker(_ attempt: Attempt, _ script: String) throws -> Process {
    let worker = Process()
    worker.executableURL = URL(filePath: Attempt.fixture)
    worker.arguments = ["work", "\(attempt.directory.path)/log", "/bin/sh", "-c", "cd \(attempt.directory.path); \(script)"]
    worker.environment = ProcessInfo.processInfo.environment.merging(["MARK": attempt.id]) { $1 }
    worker.standardOutput = try FileHandle(forWritingTo: URL(filePath: "/dev/null"))
    try worker.run()
    return worker
  }

  @Test func `when the worker is killed the whole family ends, and so does the supervisor`() async throws {
    let attempt = try Attempt()
    let worker = try worker(attempt, "\(Self.family)\ntouch ready; wait; sleep 310")
    #expect(await eventually { attempt.directory.exists("ready") })
    #expect(try attempt.processes(matching: "sleep").count >= 6)
    kill(worker.processIdentifier, SIGKILL)
    await worker.ended()
    #expect(try await eventually { try attempt.processes() == [] })
    #expect(try attempt.directory.read("log").contains("kedge: the worker is gone, so the command is ended"))
  }

  @Test(arguments: 0..<8)
  func `when the worker is killed at any instant nobody is left`(step: Int) async throws {
    let attempt = try Attempt()
    let worker = try worker(attempt, "\(Self.family)\nsleep 310")
    try await Task.sleep(for: .milliseconds(5 + step * 11))
    kill(worker.processIdentifier, SIGKILL)
    await worker.ended()
    #expect(try await eventually { try attempt.processes() == [] })
  }

  @Test func `while the worker is stopped the command goes on`() async throws {
    let attempt = try Attempt()
    let worker = try worker(attempt, "touch ready; while [ ! -e go ]; do sleep 0.01; done; touch gone")
    #expect(await eventually { attempt.directory.exists("ready") })
    kill(worker.processIdentifier, SIGSTOP)
    try attempt.directory.write("go", "")
    #expect(await eventually { attempt.directory.exists("gone") })
    kill(worker.processIdentifier, SIGCONT)
    await worker.ended()
    #expect(worker.terminationStatus == 0)
    #expect(try attempt.processes() == [])
  }

  /// The supervisor, once it has told that the command has begun: after that it sleeps until something happens.
  private func watchingSupervisor(of attempt: Attempt) async throws -> pid_t {
    let supervisor = try #require(try attempt.processes(matching: "--grace-milliseconds").first)
    #expect(
      await eventually {
        (try? String(contentsOfFile: "/proc/\(supervisor)/stat", encoding: .utf8))?.split(separator: ") ").last?.hasPrefix("S") == true
      })
    return supervisor
  }

  @Test func `when the supervisor is killed the command dies with it`() async throws {
    let attempt = try Attempt()
    let task = Task { await attempt.run(sh: "sleep 300 & sh -c 'sleep 301' & touch ready; wait") }
    #expect(await eventually { attempt.directory.exists("ready") })
    let supervisor = try await watchingSupervisor(of: attempt)
    kill(supervisor, SIGKILL)
    let outcome = await task.value.outcome
    guard case .supervisorLost = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(try await eventually { try attempt.processes() == [] })
  }

  @Test func `when worker and supervisor are killed the command still dies`() async throws {
    let attempt = try Attempt()
    let worker = try worker(attempt, "touch ready; exec sleep 300")
    #expect(await eventually { attempt.directory.exists("ready") })
    let supervisor = try await watchingSupervisor(of: attempt)
    kill(worker.processIdentifier, SIGSTOP)
    kill(supervisor, SIGKILL)
    kill(worker.processIdentifier, SIGKILL)
    await worker.ended()
    #expect(try await eventually { try attempt.processes() == [] })
  }

  @Test(arguments: [[], ["--"], ["--timeout-milliseconds", "soon", "--", "true"], ["--nonsense", "1", "--", "true"], ["--", "true"]])
  func `a supervisor that is not called by a worker says so`(arguments: [String]) async throws {
    let process = Process()
    process.executableURL = URL(filePath: Attempt.fixture)
    process.arguments = ["supervise"] + arguments
    process.standardInput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    await process.ended()
    #expect(process.terminationStatus == 2)
    #expect(errors.line()?.hasPrefix("kedge supervise: ") == true)
  }
}
