/// The standard library's closures lose the type of what they throw.
extension Array where Element == UInt8 {
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws(ParquetError) -> Result) throws(ParquetError) -> Result {
    let outcome = withUnsafeBytes { bytes -> Swift.Result<Result, ParquetError> in
      do throws(ParquetError) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  mutating func withMutableBytes(_ body: (UnsafeMutableRawBufferPointer) throws(ParquetError) -> Void) throws(ParquetError) {
    let outcome = withUnsafeMutableBytes { bytes -> Swift.Result<Void, ParquetError> in
      do throws(ParquetError) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    try outcome.get()
  }
}
