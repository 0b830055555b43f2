import Foundation
import Glibc
import Integrations
import Synchronization
import Testing

struct CommandRunTests {
  @Test func `a command gets its run, its attempt, its input and its output`() async throws {
    let attempt = try Attempt()
    let result = await attempt.run(sh: "echo $KEDGE_RUN_ID; echo $KEDGE_ATTEMPT; echo $KEDGE_INPUT; echo $KEDGE_OUTPUT; pwd >&2")
    let path = attempt.directory.path
    #expect(result.outcome == .exited(code: 0))
    #expect(result.outcome.succeeded)
    #expect(result.lastLines == [attempt.id, "2", "\(path)/input.json", path, path])
    #expect(try attempt.directory.read("log").utf8.count == result.outputBytes)
  }

  @Test func `it inherits the environment, without what is Kedge's own`() async throws {
    let attempt = try Attempt()
    let environment = ["KEDGE_DATABASE_URL": "postgresql://secret", "GREETING": "guten Tag"]
    let result = await attempt.run(["/bin/sh", "-c", "echo \"$GREETING.$KEDGE_DATABASE_URL.\""], environment: environment)
    #expect(result.lastLines == ["guten Tag.."])
    let python = ["python3", "-c", "import os, sys; sys.stdout.write('not held back'); os._exit(0)"]
    #expect(await attempt.run(python).lastLines == ["not held back"])
  }

  @Test func `its signals, its input and its descriptors are those of a fresh process`() async throws {
    let attempt = try Attempt()
    let result = await attempt.run(sh: "cat; grep -E 'SigBlk|SigIgn' /proc/self/status | cut -f2; ls /proc/self/fd")
    // Signals 32 and 33 are the C library's own.
    #expect(result.lastLines.prefix(2).map { UInt64($0, radix: 16).map { $0 & 0x7fff_ffff } } == [0, 0])
    #expect(result.lastLines.dropFirst(2) == ["0", "1", "2", "3"])
  }

  @Test func `a program is looked up in PATH, and a relative path from the directory`() async throws {
    let attempt = try Attempt()
    try attempt.directory.write("train.sh", "#!/bin/sh\necho trained\n")
    chmod("\(attempt.directory.path)/train.sh", 0o755)
    #expect(await attempt.run(["./train.sh"]).lastLines == ["trained"])
    #expect(await attempt.run(["echo", "two words", "", "--help"]).lastLines == ["two words  --help"])
  }

  @Test(arguments: [1, 3, 127, 255])
  func `an exit code is the outcome`(code: Int32) async throws {
    #expect(try await Attempt().run(sh: "exit \(code)").outcome == .exited(code: code))
  }

  @Test func `a signal is the outcome`() async throws {
    #expect(try await Attempt().run(sh: "kill -SEGV $$").outcome == .signalled(SIGSEGV))
    #expect(try await Attempt().run(sh: "kill -KILL $$").outcome == .signalled(SIGKILL))
  }

  @Test func `what cannot be started says why and what to do`() async throws {
    let attempt = try Attempt()
    try attempt.directory.write("plain", "not a program")
    func reason(_ command: [String], in directory: String? = nil) async -> String {
      guard case .couldNotStart(let reason) = await attempt.run(command, in: directory).outcome else { return "it started" }
      return reason
    }
    #expect(await reason(["no-such-program"]) == "no-such-program: No such file or directory; install it, or put its directory on the worker's PATH")
    #expect(await reason(["./train.py"]) == "./train.py: No such file or directory; check the path, which counts from the command's directory")
    #expect(await reason(["./plain"]) == "./plain: Permission denied; make it executable")
    #expect(await reason(["true"], in: "/nonexistent") == "the directory /nonexistent: No such file or directory")
  }

  @Test func `a supervisor or a log that cannot be had is a failure to start`() async throws {
    let attempt = try Attempt()
    func run(_ log: String, _ supervisor: CommandRun.SupervisorCommand) async -> CommandOutcome {
      await CommandRun(
        command: ["true"], directory: "/", environment: [:], runID: attempt.id, attempt: 1, input: "/i", output: "/o", logFile: log, timeout: .seconds(9)
      ).run(supervisor: supervisor).outcome
    }
    let log = "\(attempt.directory.path)/log"
    for outcome in [
      await run("/nonexistent/log", Attempt.supervisor), await run(log, .init(executable: "/nonexistent/kedge", arguments: [])),
      await run(log, .init(executable: "/bin/false", arguments: [])),
    ] {
      guard case .couldNotStart = outcome else {
        Issue.record("\(outcome)")
        continue
      }
    }
  }

  @Test func `a log of many megabytes is streamed in small pieces, complete, and only its end is kept`() async throws {
    let attempt = try Attempt()
    let received = Mutex<(bytes: Int, largest: Int, last: [UInt8])>((0, 0, []))
    let before = residentMegabytes()
    let result = await attempt.run(sh: "seq 1 4000000; printf 'no line end'") { piece in
      received.withLock { $0 = ($0.bytes + piece.count, max($0.largest, piece.count), piece) }
    }
    let (bytes, largest, last) = received.withLock { $0 }
    #expect(result.outputBytes == 30_888_896 + 11)
    #expect(bytes == result.outputBytes)
    #expect(largest <= 65_536)
    #expect(String(decoding: last, as: UTF8.self).hasSuffix("no line end"))
    #expect(result.lastLines.count == 40)
    #expect(result.lastLines.suffix(2) == ["4000000", "no line end"])
    #expect(residentMegabytes() - before < 24)
  }

  private func residentMegabytes() -> Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096 >> 20
  }

  @Test func `output is handed on while the command runs`() async throws {
    let attempt = try Attempt()
    let collected = Collected()
    async let result = attempt.run(sh: "echo first; while [ ! -e go ]; do sleep 0.01; done; echo second") { collected.add($0) }
    #expect(await eventually { collected.text == "first\n" })
    try attempt.directory.write("go", "")
    #expect(await result.outcome == .exited(code: 0))
    #expect(collected.text == "first\nsecond\n")
  }

  @Test func `the last lines of a cancelled run can still be stored`() async throws {
    let attempt = try Attempt()
    let collected = Collected()
    let task = Task {
      await attempt.run(sh: "trap 'echo ending; exit 5' TERM; echo ready; while :; do sleep 0.01; done", grace: .seconds(20)) { piece in
        if !Task.isCancelled { collected.add(piece) }
      }
    }
    #expect(await eventually { collected.text == "ready\n" })
    task.cancel()
    let result = await task.value
    #expect(result.outcome == .cancelled)
    // The shell may say of its child that it was "Terminated".
    #expect(result.lastLines.filter { $0 != "Terminated" } == ["ready", "kedge: the command is ended, as asked", "ending"])
    #expect(collected.text == result.lastLines.map { $0 + "\n" }.joined())
  }

  @Test func `last lines are fit for an event`() async throws {
    let attempt = try Attempt()
    let long = String(repeating: "x", count: 2000)
    let result = await attempt.run(sh: #"printf '\033[31mred\033[0m \000 text\n 10%%\r 50%%\r100%%\n\377\n'; echo \#(long); printf '\a\n'"#)
    #expect(result.lastLines == ["red  text", "100%", "\u{fffd}", String(repeating: "x", count: 499) + "…", ""])
  }

  @Test func `a command that prints too much is ended`() async throws {
    let attempt = try Attempt()
    let result = await attempt.run(sh: "yes", outputLimitBytes: 1 << 20)
    #expect(result.outcome == .tooMuchOutput(limitBytes: 1 << 20))
    #expect(try attempt.processes() == [])
  }

  @Test func `many commands run at the same time`() async throws {
    let outcomes = try await withThrowingTaskGroup(of: CommandOutcome.self) { group in
      for number in 0..<16 {
        let attempt = try Attempt()
        group.addTask { await attempt.run(sh: "sleep 0.05; exit \(number)").outcome }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(outcomes == Set((0..<16).map { .exited(code: $0) }))
  }
}
