internal import Foundation
internal import Parquet

/// A file on disk.
final class FileBytes: ParquetSource {
  private let descriptor: Int32
  let size: Int

  init(_ path: String) throws(ParquetError) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ParquetError("cannot be opened: \(String(cString: strerror(errno)))") }
    var information = stat()
    size = fstat(descriptor, &information) == 0 ? Int(information.st_size) : 0
  }

  deinit { close(descriptor) }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ParquetError) {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw ParquetError("cannot be read: \(String(cString: strerror(errno)))", offset: offset + done) }
      guard count > 0 else { throw ParquetError("the file was cut off while it was read", offset: offset + done) }
      done += count
    }
  }
}

/// Standard input that was too long to keep in memory.
struct SpooledBytes: ParquetSource {
  let input: SpooledInput
  let size: Int

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ParquetError) {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count: Int
      do throws(TableError) { count = try input.read(at: offset + done, rest) } catch { throw ParquetError(error.problem, offset: offset + done) }
      guard count > 0 else { throw ParquetError("the input ends too early", offset: offset + done) }
      done += count
    }
  }
}
