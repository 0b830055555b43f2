/// The bytes of a Parquet file, read anywhere. Several threads may read at once.
package protocol ParquetSource: Sendable {
  /// In bytes.
  var size: Int { get }

  /// Fills the whole buffer from `offset` on, which the caller has checked against `size`.
  /// - Throws: when there are fewer bytes, because the file was cut meanwhile, or it cannot be read.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ParquetError)
}

/// A file that is in memory already.
package struct ParquetBytes: ParquetSource {
  private let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var size: Int { bytes.count }

  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ParquetError) {
    guard offset >= 0, buffer.count <= bytes.count - offset else { throw ParquetError("the file ends too early", offset: offset) }
    bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count])) }
  }
}
