// Roles for tests that need processes of their own.
// supervise …                                                      what `kedge supervise` is
// work LOG COMMAND…                                                a worker that runs one command
// deploy DIRECTORY HEALTH TOKEN STEP ACTION CURRENT [CANDIDATE]    a deployer that stops or kills itself at a step
// copy DIRECTORY FILE SHA256 STEP                                  one that dies in a copy
internal import Foundation
internal import Glibc
internal import HTTPTransport
internal import Integrations

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "supervise":
  Supervisor.run(Array(arguments.dropFirst()))
case "work":
  let run = CommandRun(
    command: Array(arguments.dropFirst(2)), directory: "/", environment: ProcessInfo.processInfo.environment, runID: "run", attempt: 1, input: "/dev/null",
    output: "/tmp", logFile: arguments[1], timeout: .seconds(60), grace: .milliseconds(300))
  let result = await run.run(supervisor: .thisProgram)
  print(result.outcome)
case "deploy":
  let (step, action) = (arguments[4], arguments[5])
  let directory = LocalDirectory(path: arguments[1], lockTimeout: .seconds(5)) { reached in
    guard reached.rawValue == step else { return }
    kill(getpid(), action == "kill" ? SIGKILL : SIGSTOP)
    // A stop reaches this thread a little later; a stopped deployer goes no further.
    while true { pause() }
  }
  func placed(_ version: String) -> PlacedVersion {
    PlacedVersion(version: version, path: "\(arguments[1])/versions/\(version)/model.bin", sha256: "of \(version)")
  }
  let target = LocalTarget(directory, health: arguments[2].isEmpty ? nil : arguments[2], healthTimeout: .seconds(60), http: try HTTPClient())
  let plan = TrafficPlan(current: placed(arguments[6]), candidate: arguments.count > 7 ? placed(arguments[7]) : nil, share: arguments.count > 7 ? 5 : 0)
  do {
    try await target.shift(to: plan, token: Int64(arguments[3]) ?? 0)
    print("done")
  } catch {
    print(error)
  }
case "copy":
  let directory = LocalDirectory(path: arguments[1], lockTimeout: .seconds(5)) { if $0.rawValue == arguments[4] { kill(getpid(), SIGKILL) } }
  let target = LocalTarget(directory, health: nil, healthTimeout: .seconds(5), http: try HTTPClient())
  print(try await target.place(ModelArtifact(version: "risk/fraud/3", file: arguments[2], fileName: "model.bin", sha256: arguments[3])))
default:
  exit(2)
}
