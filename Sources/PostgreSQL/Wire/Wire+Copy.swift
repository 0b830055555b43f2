internal import CLibPQ

/// COPY in both directions, with backpressure: no more is held in memory than `copyBuffer` bytes and one message.
extension Wire {
  /// Bytes of a COPY OUT that may wait for their reader.
  static let copyBuffer = 256 * 1024

  /// Hands data to a COPY IN. Its waiter wakes when the socket has taken it.
  func feed(_ operation: Operation, _ bytes: [UInt8], _ waiter: CheckedContinuation<Operation.Wake, Never>) {
    settle { finished in
      operation.waiter = waiter
      guard operation.phase == .copying, let connection else { return wakeWithOutcome(operation, &finished) }
      let isTaken = bytes.withUnsafeBytes { raw in
        raw.isEmpty || PQputCopyData(connection, raw.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(raw.count)) == 1
      }
      guard isTaken else { return lose(nil, &finished) }
      flush(&finished)
    }
  }

  /// Ends a COPY IN. Its waiter wakes when the server has answered.
  /// - Parameter reason: nil when all data is there; else the server is told to throw it away.
  func endFeeding(_ operation: Operation, because reason: String?, _ waiter: CheckedContinuation<Operation.Wake, Never>) {
    settle { finished in
      operation.waiter = waiter
      guard operation.phase == .copying, let connection else { return wakeWithOutcome(operation, &finished) }
      let isTaken = reason.map { PQputCopyEnd(connection, $0) == 1 } ?? (PQputCopyEnd(connection, nil) == 1)
      guard isTaken else { return lose(nil, &finished) }
      operation.phase = .running
      flush(&finished)
      drain(&finished)
      if operation.isCancelRequested, operation.phase == .running { sendCancel(operation) }
    }
  }

  /// What has come of a COPY OUT; when nothing has, its waiter wakes when something does.
  func take(_ operation: Operation, _ waiter: CheckedContinuation<Operation.Wake, Never>) {
    settle { finished in
      operation.waiter = waiter
      if !operation.received.isEmpty { wake(operation, &finished) } else { wakeWithOutcome(operation, &finished) }
    }
  }

  /// Empties what has come of a COPY OUT, and lets more come.
  func received(by operation: Operation) -> [UInt8] {
    var chunk: [UInt8] = []
    settle { finished in
      swap(&chunk, &operation.received)
      guard operation.isReadingPaused else { return }
      resumeReading(operation)
      // What libpq holds already makes the socket no readier: take it now.
      if operation.phase == .copying { drain(&finished) }
    }
    return chunk
  }

  private func wakeWithOutcome(_ operation: Operation, _ finished: inout [Finished]) {
    guard let outcome = operation.outcome, let waiter = operation.waiter else { return }
    operation.waiter = nil
    finished.append(Finished(waiter: waiter, wake: .finished(outcome)))
  }

  /// Takes in rows of a COPY OUT.
  /// - Returns: whether the data has ended; false when more has to come, or the reader is behind.
  func receiveCopy(_ operation: Operation, over connection: OpaquePointer, _ finished: inout [Finished]) -> Bool {
    while true {
      guard operation.received.count < Wire.copyBuffer else {
        if !operation.isReadingPaused { pauseReading(operation) }
        wake(operation, &finished)
        return false
      }
      var row: UnsafeMutablePointer<CChar>?
      let count = PQgetCopyData(connection, &row, 1)
      guard count > 0, let row else {
        if count == 0 {
          if !operation.received.isEmpty { wake(operation, &finished) }
          return false
        }
        // -1 is the end, -2 an error: both are explained by the next result.
        operation.phase = .running
        return true
      }
      if !operation.isCancelRequested {
        operation.received.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(count)))
      }
      PQfreemem(row)
    }
  }
}
