internal import EventLog
internal import Foundation
internal import HTTPTransport
public import Integrations
public import Lifecycle
public import Logging
public import PostgreSQL
internal import Projections

/// How a worker process works.
public struct WorkerOptions: Sendable {
  /// Pieces of work at a time, for each role.
  public var concurrency: Int
  /// Only runs of this pool; nil takes those of every pool.
  public var pool: String?
  /// What starts a supervisor for trainers.
  public var supervisor: CommandRun.SupervisorCommand
  /// Folder for artifacts that were read and for the files of attempts.
  public var scratch: String
  /// How long a lease lasts without a heartbeat: so long it takes until another worker takes over from one that was killed.
  public var lease: Duration
  /// How long work that has begun may go on after the process was told to stop.
  public var grace: Duration
  /// Whether and where the projector exports heads of the chain.
  public var heads: HeadExportOptions?

  /// Takes the values as they are; nothing is checked.
  public init(
    concurrency: Int = 4, pool: String? = nil, supervisor: CommandRun.SupervisorCommand = .thisProgram, scratch: String,
    lease: Duration = .seconds(15), grace: Duration = .seconds(5), heads: HeadExportOptions? = nil
  ) {
    self.concurrency = concurrency
    self.pool = pool
    self.supervisor = supervisor
    self.scratch = scratch
    self.lease = lease
    self.grace = grace
    self.heads = heads
  }
}

/// A process that does the work of some roles. Any number may run, on any number of hosts, and each may be killed at any moment.
public struct WorkerProcess: Sendable {
  private let roles: Set<Role>
  private let database: PostgresClient
  private let options: WorkerOptions
  private let logger: Logger
  /// Names the process in leases and facts.
  private let name: String
  private let id = UUID()

  /// Nothing runs before `run()`.
  public init(roles: Set<Role>, database: PostgresClient, options: WorkerOptions, logger: Logger) {
    self.roles = roles
    self.database = database
    self.options = options
    self.logger = logger
    name = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"
  }

  /// Works until its task is cancelled, then takes no more work, lets what has begun end within the grace, gives the rest back, and returns.
  /// - Throws: `HTTPError` when no HTTP client can be made. A database that is away is waited for.
  public func run() async throws {
    let http = try HTTPClient()
    defer { http.close() }
    let drain = Drain()
    let context = WorkContext(database: database, worker: name, logger: logger)
    let artifacts = ArtifactStore(database, cache: options.scratch + "/artifacts")
    // The loops are not children of the task that is cancelled: they end by draining, so that what has begun can end well.
    let work = Task {
      await withTaskGroup(of: Void.self) { group in
        for role in roles.sorted(by: { $0.rawValue < $1.rawValue }) {
          if role == .projector {
            group.addTask { await ProjectorLoop(database: database, holder: name, logger: logger).run(until: drain) }
            if let heads = options.heads {
              group.addTask { await HeadExporter(database: database, options: heads, holder: name, logger: logger).run(until: drain) }
            }
          } else {
            let handler = handler(role, context, artifacts, http, drain)
            group.addTask {
              await ClaimLoop(
                role: role, queue: WorkQueue(database: database, holder: name, lease: options.lease), handler: handler,
                concurrency: role == .scheduler ? WorkerProcess.watches : options.concurrency, pool: role == .trainer ? options.pool : nil,
                logger: logger, grace: options.grace
              ).run(until: drain)
            }
          }
        }
        group.addTask { await Presence(database: database, id: id, roles: roles, name: name).keep(until: drain) }
        await group.waitForAll()
      }
    }
    await withTaskCancellationHandler {
      await work.value
    } onCancel: {
      drain.begin()
    }
  }

  /// Monitors that one scheduler watches at most.
  private static let watches = 1000

  private func handler(
    _ role: Role, _ context: WorkContext, _ artifacts: ArtifactStore, _ http: HTTPClient, _ drain: Drain
  ) -> any WorkHandler {
    switch role {
    case .measurer: MeasurerHandler(context: context, artifacts: artifacts)
    case .trainer: TrainerHandler(context: context, artifacts: artifacts, scratch: options.scratch, supervisor: options.supervisor)
    case .deployer: DeployerHandler(context: context, artifacts: artifacts, http: http)
    case .notifier: notifier(context, http)
    case .scheduler, .projector: SchedulerHandler(context: context, drain: drain)
    }
  }

  private func notifier(_ context: WorkContext, _ http: HTTPClient) -> NotifierHandler {
    let credentials = CredentialResolver(environment: ProcessInfo.processInfo.environment)
    return NotifierHandler(
      context: context, http: http, credentials: credentials,
      actions: ActionHandler(context: context, http: http, credentials: credentials, scratch: options.scratch, supervisor: options.supervisor))
  }
}

/// Says that the process is there, for `get workers`.
struct Presence: Sendable {
  let database: PostgresClient
  let id: UUID
  let roles: Set<Role>
  let name: String

  private static let every = Duration.seconds(5)

  func keep(until drain: Drain) async {
    let names = roles.map(\.rawValue).sorted().joined(separator: ",")
    while !drain.hasBegun {
      _ = try? await database.query(
        """
        insert into kedge.worker (id, role, host, pid, started_at, seen_at)
        values (\(id), \(names), \(ProcessInfo.processInfo.hostName), \(Int(ProcessInfo.processInfo.processIdentifier)), clock_timestamp(), clock_timestamp())
        on conflict (id) do update set seen_at = excluded.seen_at
        """)
      await drain.sleep(Presence.every)
    }
    _ = try? await database.query("delete from kedge.worker where id = \(id)")
  }
}
