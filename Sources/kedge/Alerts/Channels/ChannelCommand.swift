internal import ArgumentParser

struct ChannelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "channel", abstract: "Tries a channel, and sends again what it did not take.",
    subcommands: [ChannelTest.self, ChannelRedrive.self])
}
