public import Foundation

extension Pipe {
  /// The next line that a program prints, without its end; what there is when it ends, and nil when nothing comes any more. Blocks.
  ///
  /// Signals of other tests' processes interrupt reading, which `FileHandle` does not bear.
  public func line() -> String? {
    var line: [UInt8] = []
    while true {
      var byte: UInt8 = 0
      let count = read(fileHandleForReading.fileDescriptor, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1 else { return line.isEmpty ? nil : String(decoding: line, as: UTF8.self) }
      if byte == 0x0a { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
  }
}
