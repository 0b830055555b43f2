// Two roles for tests that need processes of their own: `supervise …` is what `kedge supervise` is; `work LOG COMMAND…` is a worker that runs one command.
internal import Foundation
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
default:
  exit(2)
}
