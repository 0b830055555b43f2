internal import ArgumentParser
internal import EventLog
internal import PostgreSQL
internal import Projections
internal import Values

extension Projections {
  struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "release",
      abstract: "Lets a stream go on that a follower has halted at an event that it could not digest.",
      discussion: guide(
        """
        The event is tried again, and what waits behind it is taken in, in order; with --pass-over the follower never sees that event.
        It is recorded as projection_released. `kedge get projections` lists what is halted.
        """,
        example: "kedge projections release registry model/breast-cancer\nkedge projections release runs run/3f2a91… --pass-over --reason 'a test' --yes",
        .notFound))

    @Argument(help: "The follower: a projection or a policy.") var name: String
    @Argument(help: "The stream, as `kedge get projections` shows it.") var stream: String
    @Flag(help: "The event is not tried again: the follower goes on without it, for good.") var passOver = false
    @Option(name: .customLong("as"), help: ArgumentHelp("Who acts; else the operating system's user.", valueName: "name")) var actor: String?
    @Option(help: ArgumentHelp("Why; it stands in the log for good.", valueName: "text")) var reason: String?
    @Flag(help: "Prints the event that it would append, and does nothing.") var dryRun = false
    @Flag(help: "Does not ask.") var yes = false
    @OptionGroup var common: CommonOptions

    private var mode: HaltedStreams.Mode { passOver ? .passOver : .retry }

    func run() async throws {
      var writing = try WritingOptions.parse(actor.map { ["--as", $0] } ?? [])
      (writing.yes, writing.dryRun) = (yes || !passOver, dryRun)
      guard let follower = allFollowers().first(where: { $0.name == name }) else {
        throw Complaint(.notFound, "there is no follower \(name); they are \(allFollowers().map(\.name).joined(separator: ", "))")
      }
      try writing.confirm("pass over an event of \(stream) for \(name)")
      try await common.withDatabase { client in
        let streams = HaltedStreams(client)
        guard let halted = try await streams.list(follower: name).first(where: { $0.stream.text == stream }) else {
          throw Complaint(.notFound, "\(stream) is not halted for \(name); `kedge get projections` lists what is")
        }
        if dryRun { return show(halted, streams: nil) }
        do {
          let outcome = try await streams.release(
            halted.stream, of: follower, mode, by: Attribution(actor: writing.name, causation: halted.event), because: reason)
          show(halted, streams: outcome)
          if case .halted(_, let again) = outcome {
            throw Complaint(.failed, "\(stream) is halted for \(name) again, at position \(again.position): \(again.error)")
          }
        } catch let error as FollowerError {
          throw Complaint(.notFound, "\(error)")
        }
      }
    }

    private func show(_ halted: HaltedStream, streams outcome: HaltedStreams.Outcome?) {
      let renderer = Renderer(format: common.output)
      let event: JSON = ["stream": .string("projection/\(name)"), "type": "projection_released", "data": halted.released(mode, reason)]
      guard let outcome else {
        return renderer.document(["id": .string(name), "dry_run": true, "events": [event]]) {
          "would append projection_released to projection/\(name): \(halted.released(mode, reason))"
        }
      }
      let (taken, again): (Int, HaltedStream?) =
        switch outcome {
        case .released(let events): (events, nil)
        case .halted(let events, let again): (events, again)
        }
      renderer.document(
        ["id": .string(name), "released": .bool(again == nil), "taken_in": JSON(taken), "halted_at": JSON(again.map { Int($0.position) }), "events": [event]]
      ) {
        common.quiet || again != nil ? "" : "\(stream) goes on for \(name): \(taken) events were taken in" + (passOver ? ", one was passed over" : "")
      }
    }
  }
}
