import ArgumentParser

@main
struct Kedge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "kedge", abstract: "Keeps deployed machine-learning models on course.")
}
