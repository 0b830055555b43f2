internal import ArgumentParser
internal import Foundation
internal import PostgreSQL
internal import Profiles
internal import Values

struct Profile: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Makes a mergeable profile of a data file; needs no database.",
    discussion: guide(
      """
      A profile takes the place of a file in `kedge compare`: the reference need not be read again. One pass, in memory that does not grow with the file.
      --to writes it into a file: .json, or .json.gz, which is the compact form.
      Profiles of whylogs (.bin, written with view().write) are taken wherever ours are.
      """,
      example: "kedge profile reference.csv -o json > reference.json\nkedge profile merge monday.json tuesday.json -o json > both.json"),
    subcommands: [One.self, Merge.self, Window.self], defaultSubcommand: One.self)

  /// `kedge profile FILE`.
  struct One: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "of", abstract: "Profiles one file.", discussion: guide(example: "kedge profile reference.csv -o json > reference.json"),
      shouldDisplay: false)

    @Argument(help: "What `kedge compare` reads; - for standard input.", completion: .file()) var file: String
    @OptionGroup var source: SourceOptions
    @OptionGroup var target: ProfileTarget
    @OptionGroup var common: CommonOptions

    func run() async throws {
      let (file, reading) = (file, try source.reading())
      try target.show(try await onThread { try TableReader(options: reading).profile(path: file) }, common)
    }
  }

  /// `kedge profile merge PROFILE…`.
  struct Merge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "merge",
      abstract: "The union of profiles, in any order the same.",
      discussion: guide(example: "kedge profile merge monday.json tuesday.json -o json > both.json"))

    @Argument(help: "Profiles that `kedge profile` wrote, or whylogs.", completion: .file()) var profiles: [String]
    @OptionGroup var target: ProfileTarget
    @OptionGroup var common: CommonOptions

    func run() async throws {
      let paths = profiles
      try target.show(
        try await onThread {
          var union = try TableProfile.read(path: paths[0])
          for path in paths.dropFirst() { try union.merge(try TableProfile.read(path: path)) }
          return union
        }, common)
    }
  }
}

extension Profile {
  /// `kedge profile window MEASUREMENT`.
  struct Window: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "window",
      abstract: "What was kept of a window that a monitor measured, also when its rows are gone.",
      discussion: guide(
        "It can be compared and merged as any profile. Identifiers, times, labels and free text are not kept.",
        example: "kedge profile window 0199ab12 --to monday.json\nkedge compare --reference monday.json --current today.csv", .notFound))

    @Argument(help: "Id of the measurement, or its first characters.") var measurement: String
    @OptionGroup var target: ProfileTarget
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await common.withDatabase { client in
        let kept = try await client.query(
          """
          select s.content from kedge.measurement m join kedge.event e on e.id = m.id join kedge.sketch s on s.sha256 = e.data ->> 'sketch'
          where length(\(measurement)) >= 6 and m.id::text like \(measurement.lowercased().replacing("%", with: "") + "%") limit 2
          """
        ).map { try $0.decode([UInt8].self, at: 0) }
        guard let content = kept.first else {
          throw Complaint(
            .notFound,
            "no window of a measurement \(measurement) is kept; `kedge get measurements` lists them, those of quality and what others measured have none")
        }
        guard kept.count == 1 else { throw Complaint(.badUsage, "\(measurement): there are several such measurements; give more characters") }
        try target.show(try TableProfile.read(packed: content, source: measurement), common)
      }
    }
  }
}

/// Where a profile goes.
struct ProfileTarget: ParsableArguments {
  @Option(help: ArgumentHelp("Writes it into a file: .json, or .json.gz for the compact form.", valueName: "file"), completion: .file()) var to: String?

  func validate() throws {
    if let to, ![".json", ".json.gz"].contains(where: to.lowercased().hasSuffix) {
      throw ValidationError("--to \(to): expected a name that ends in .json or .json.gz")
    }
  }

  func show(_ profile: TableProfile, _ common: CommonOptions) throws {
    let json = try profile.json()
    if let to {
      do {
        let bytes = to.lowercased().hasSuffix(".gz") ? try profile.packed() : Array((json.description + "\n").utf8)
        try Data(bytes).write(to: URL(fileURLWithPath: to), options: .atomic)
      } catch {
        throw Complaint(.failed, "\(to): the profile cannot be written: \(error.localizedDescription); check the directory and its rights")
      }
      return common.say("profile: \(to), \(profile.rows) rows of \(profile.source)")
    }
    Renderer(format: common.output).document(json) {
      let columns = json["columns"]?.array ?? []
      if common.output == .name { return columns.compactMap { $0["name"]?.string }.joined(separator: "\n") }
      let shown = [TableColumn("COLUMN", "name"), TableColumn("TYPE", "type"), TableColumn("ROWS", "rows"), TableColumn("MISSING", "missing")]
      return Renderer.table(columns, shown, width: nil) + "\n\(profile.rows) rows of \(profile.source); `-o json` has the whole profile\n"
    }
  }
}
