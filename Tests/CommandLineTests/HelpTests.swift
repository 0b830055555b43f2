import Foundation
import Testing

@Suite struct HelpTests {
  static let commands = [
    ["up"], ["migrate"], ["worker"], ["doctor"], ["apply"], ["diff"], ["export"], ["delete"], ["get"], ["describe"], ["events"], ["why"], ["logs"], ["compare"],
    ["evaluate"], ["detect"],
    ["baseline", "pin"], ["measure"], ["retrain"], ["cancel"], ["tag"], ["alias"], ["promote"], ["approve"], ["reject"], ["pause"], ["resume"], ["abort"],
    ["rollback"], ["freeze"], ["thaw"], ["channel", "test"], ["channel", "redrive"], ["ack"], ["resolve"], ["false-alarm"], ["archive"], ["audit", "verify"],
    ["audit", "head"], ["audit", "key"],
    ["export", "events"],
    ["projections", "list"], ["projections", "verify"],
    ["projections", "rebuild"], ["projections", "release"], ["completion"],
  ]

  @Test(arguments: commands) func `every command has an example and its exit codes`(command: [String]) async throws {
    let answer = try await Program().run(command + ["--help"])
    #expect(answer.status == 0)
    #expect(answer.talk.isEmpty)
    #expect(answer.output.contains("EXAMPLE:\n  kedge \(command.joined(separator: " "))"))
    #expect(answer.output.contains("EXIT CODES:\n  0  done\n  1  it failed\n  2  bad usage or bad input"))
  }

  @Test func `the overview names every command but the hidden one`() async throws {
    let answer = try await Program().run("--help")
    for command in HelpTests.commands { #expect(answer.output.contains("\n  \(command[0])")) }
    #expect(!answer.output.contains("supervise"))
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func `there is a completion for each shell`(shell: String) async throws {
    let answer = try await Program().run("completion", shell)
    #expect(answer.status == 0)
    #expect(answer.output.contains("rollback"))
  }
}
