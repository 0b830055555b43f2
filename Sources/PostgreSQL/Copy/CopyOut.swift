/// What a `COPY … TO STDOUT` gives, in pieces of whole rows, as it comes. To be read once.
///
/// While nobody reads, the server waits. Whoever stops reading before the end cancels the statement; what is run on the connection
/// afterwards waits until the server has heeded that.
public struct CopyOut: AsyncSequence, Sendable {
  public typealias Element = [UInt8]

  let wire: Wire
  let scope: Int
  let statement: Query

  /// Nothing is sent before the first piece is asked for.
  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  /// Reads the pieces.
  public final class Iterator: AsyncIteratorProtocol {
    private let wire: Wire
    private let statement: Query
    private let operation: Operation
    private var isStarted = false
    private var isFinished = false

    fileprivate init(_ copy: CopyOut) {
      wire = copy.wire
      statement = copy.statement
      operation = Operation(.copyOut(copy.statement), scope: copy.scope)
    }

    deinit { if isStarted, !isFinished { wire.cancel(operation) } }

    /// The next piece, nil at the end.
    /// - Throws: `PostgresError`; `ConnectionLost`; `PostgresUsageError`; `CancellationError`.
    public func next() async throws -> [UInt8]? {
      guard !isFinished else { return nil }
      do {
        if !isStarted {
          try statement.check()
          // What throws before this has sent nothing, and nothing would ever be heard of it.
          let wake = try await wire.begin(operation)
          isStarted = true
          if case .finished(let outcome) = wake {
            _ = try outcome.get()
            throw PostgresUsageError.notACopy(statement: statement.label)
          }
        }
        return try await piece()
      } catch {
        // Cancelled between two pieces: the server has to be told, and heard out, before the connection can do anything else.
        if isStarted, !isFinished {
          wire.cancel(operation)
          while case .ready = await withCheckedContinuation({ wire.take(operation, $0) }) { _ = wire.received(by: operation) }
        }
        isFinished = true
        throw error
      }
    }

    private func piece() async throws -> [UInt8]? {
      while true {
        try Task.checkCancellation()
        let wake = await withTaskCancellationHandler {
          await withCheckedContinuation { wire.take(operation, $0) }
        } onCancel: { [wire, operation] in
          wire.cancel(operation)
        }
        let piece = wire.received(by: operation)
        guard piece.isEmpty else { return piece }
        guard case .finished(let outcome) = wake else { continue }
        _ = try outcome.get()
        isFinished = true
        return nil
      }
    }
  }
}

extension Connection {
  /// Runs `COPY … TO STDOUT`: `for try await rows in connection.copyOut("copy t to stdout (format csv)") { … }`.
  public func copyOut(_ statement: Query) -> CopyOut { CopyOut(wire: wire, scope: scope, statement: statement) }
}
