/// Takes the rows of a COPY into a table, for the length of its scope.
public final class CopyWriter {
  private let wire: Wire
  private let operation: Operation
  private var encoder = PostgresEncoder()
  private static let full = 64 * 1024

  fileprivate init(_ wire: Wire, _ operation: Operation) {
    self.wire = wire
    self.operation = operation
    encoder.write("PGCOPY\n".utf8)
    encoder.write([0xff, 0x0d, 0x0a, 0x00])
    encoder.write(Int64(0))
  }

  /// Writes one row. Each value has to be of the very type of its column (`Int` for bigint, `Int32` for integer, `JSON` for jsonb …).
  /// Waits when the server is slower.
  /// - Throws: `PostgresEncodingError`; `ConnectionLost`; `CancellationError`.
  public func write<each Value: PostgresEncodable>(_ values: repeat each Value) async throws {
    var count: Int16 = 0
    for _ in repeat (each Value).self { count += 1 }
    encoder.write(count)
    repeat try field(each values)
    if encoder.bytes.count >= CopyWriter.full { try await flush() }
  }

  /// Writes one row whose width is known only now; nil is NULL.
  public func write(row values: [(any PostgresEncodable)?]) async throws {
    guard let count = Int16(exactly: values.count) else { throw PostgresEncodingError("a row of \(values.count) columns") }
    encoder.write(count)
    for value in values {
      if let value { try field(value) } else { encoder.write(Int32(-1)) }
    }
    if encoder.bytes.count >= CopyWriter.full { try await flush() }
  }

  private func field(_ value: some PostgresEncodable) throws {
    let offset = encoder.bytes.count
    encoder.isNull = false
    encoder.write(Int32(-1))
    try value.encode(into: &encoder)
    if !encoder.isNull { encoder.patch(Int32(encoder.bytes.count - offset - 4), at: offset) }
  }

  fileprivate func finish() async throws {
    encoder.write(Int16(-1))
    try await flush()
  }

  private func flush() async throws {
    let bytes = encoder.bytes
    encoder.bytes.removeAll(keepingCapacity: true)
    try await wire.feed(operation, bytes)
  }
}

/// Takes the bytes of a COPY, in the format that its statement names, for the length of its scope.
public final class CopyByteWriter {
  private let wire: Wire
  private let operation: Operation

  fileprivate init(_ wire: Wire, _ operation: Operation) {
    self.wire = wire
    self.operation = operation
  }

  /// Writes bytes, which may end anywhere in a row. Waits when the server is slower.
  /// - Throws: `ConnectionLost`; `CancellationError`.
  public func write(_ bytes: [UInt8]) async throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      try await wire.feed(operation, Array(rest.prefix(1 << 20)))
      rest = rest.dropFirst(1 << 20)
    }
  }
}

extension Connection {
  /// Copies rows into a table, in PostgreSQL's binary format. All of them or, when `body` throws, none.
  /// - Parameters:
  ///   - table: its name, `table` or `schema.table`.
  ///   - columns: the columns that each row fills, in order.
  ///   - body: writes the rows.
  /// - Returns: how many rows were copied.
  /// - Throws: what `body` throws; `PostgresError` (22P03 or 08P01 when a value is not of its column's type); `ConnectionLost`; `CancellationError`.
  @discardableResult
  public func copyIn(into table: String, columns: [String], _ body: (CopyWriter) async throws -> Void) async throws -> Int {
    let target = table.split(separator: ".", omittingEmptySubsequences: false).map { quotedIdentifier(String($0)) }.joined(separator: ".")
    let names = columns.map(quotedIdentifier).joined(separator: ", ")
    let statement = Query(unsafeSQL: "COPY \(target) (\(names)) FROM STDIN (FORMAT binary)", name: "copy into \(table)")
    return try await wire.copyIn(statement, scope: scope) { wire, operation in
      let writer = CopyWriter(wire, operation)
      try await body(writer)
      try await writer.finish()
    }
  }

  /// Runs `COPY … FROM STDIN` on bytes: a CSV file, the text format.
  /// - Parameters:
  ///   - statement: the whole statement, with its format.
  ///   - body: writes the bytes.
  /// - Returns: how many rows were copied.
  /// - Throws: what `body` throws; `PostgresError`; `ConnectionLost`; `CancellationError`.
  @discardableResult
  public func copyIn(_ statement: Query, _ body: (CopyByteWriter) async throws -> Void) async throws -> Int {
    try await wire.copyIn(statement, scope: scope) { wire, operation in try await body(CopyByteWriter(wire, operation)) }
  }

  private func quotedIdentifier(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
}

extension Wire {
  fileprivate func copyIn(_ statement: Query, scope: Int, _ body: (Wire, Operation) async throws -> Void) async throws -> Int {
    try statement.check()
    try Task.checkCancellation()
    let operation = Operation(.copyIn(statement), scope: scope)
    return try await withTaskCancellationHandler {
      if case .finished(let outcome) = await withCheckedContinuation({ submit(operation, $0) }) {
        _ = try outcome.get()
        throw PostgresUsageError.notACopy(statement: statement.label)
      }
      do {
        try await body(self, operation)
      } catch {
        _ = await withCheckedContinuation { endFeeding(operation, because: "the client gave up: \(type(of: error))", $0) }
        throw error
      }
      guard case .finished(let outcome) = await withCheckedContinuation({ endFeeding(operation, because: nil, $0) }) else { return 0 }
      return try outcome.get().last?.affected ?? 0
    } onCancel: {
      cancel(operation)
    }
  }

  /// Hands data to the server and waits until the socket has taken it.
  fileprivate func feed(_ operation: Operation, _ bytes: [UInt8]) async throws {
    let wake = await withCheckedContinuation { feed(operation, bytes, $0) }
    try Task.checkCancellation()
    if case .finished(let outcome) = wake { _ = try outcome.get() }
  }
}
