import Foundation
import Parquet
import Testing

@Suite struct ParquetFileTests {
  /// Files of one content, by whom and how they were written.
  static let files = Resources.names.filter { $0.contains("--") }

  @Test(arguments: files)
  func `a file of another program gives the values that it wrote`(name: String) throws {
    let file = try ParquetFile(ParquetBytes(Resources.bytes(name)))
    let expected = try Resources.expected(name)
    #expect(Set(file.names) == Set(expected.keys))
    for (index, name) in file.names.enumerated() {
      let column = try file.columns[index].get()
      let values = try Reading(file, index, column.shape).values
      let wanted = try #require(expected[name])
      #expect(values.count == wanted.count, "\(name)")
      let different = zip(values, wanted).enumerated().first { !$1.0.isSame(as: $1.1) }
      #expect(different == nil, "\(name): row \(different?.offset ?? 0): \(different.map { "\($0.element)" } ?? "")")
    }
  }

  @Test func `every column can be had as text, whole numbers to the last digit`() throws {
    let file = try ParquetFile(ParquetBytes(Resources.bytes("arrow300--snappy-pages1.parquet")))
    let expected = try #require(try Resources.expected("arrow300--snappy-pages1.parquet")["large"])
    let large = try #require(file.names.firstIndex(of: "large"))
    let texts = try Reading(file, large, .texts).values.map { if case .text(let text) = $0 { text } else { "" } }
    #expect(texts == expected.map { ($0 as? NSNumber)?.int64Value.description ?? "" })
    for index in file.columns.indices { #expect(try Reading(file, index, .texts).values.count == 300) }
  }

  @Test func `nested columns are refused by name, and the flat ones beside them are read`() throws {
    let file = try ParquetFile(ParquetBytes(Resources.bytes("nested.parquet")))
    let refused = file.columns.compactMap { if case .failure(let error) = $0 { error } else { nil } }
    #expect(Set(refused.compactMap(\.column)) == ["list", "struct", "map"])
    #expect(refused.allSatisfy { $0.problem.hasPrefix("is nested (a ") && $0.isUnsupported })
    let first = try #require(file.names.firstIndex(of: "x"))
    let last = try #require(file.names.firstIndex(of: "y"))
    #expect(try Reading(file, first, .numbers).values.map(\.number) == [1.5, 2.5])
    #expect(try Reading(file, last, .texts).values.count == 2)
  }

  @Test func `a compression that is not read is named`() throws {
    let file = try ParquetFile(ParquetBytes(Resources.bytes("lz4.parquet")))
    let error = #expect(throws: ParquetError.self) { try Reading(file, 0, .texts) }
    #expect(error?.isUnsupported == true)
    #expect(error?.problem.contains("lz4") == true)
  }

  @Test func `what is no Parquet file is refused with the reason`() {
    func problem(_ bytes: [UInt8]) -> String? {
      #expect(throws: ParquetError.self) { try ParquetFile(ParquetBytes(bytes)) }?.problem
    }
    #expect(problem([]) == "has only 0 bytes, too few for a Parquet file")
    #expect(problem(Array("a,b\n1,2\n3,4\n5,6\n".utf8)) == "does not begin with PAR1, as Parquet files do")
    #expect(problem(Array("PAR1\u{0}\u{0}\u{0}\u{0}\u{1}\u{0}\u{0}\u{0}more".utf8))?.hasPrefix("does not end with PAR1") == true)
    #expect(problem(Array("PAR1".utf8) + [0xff, 0xff, 0xff, 0x7f] + Array("PAR1".utf8))?.hasPrefix("its footer claims 2147483647 bytes") == true)
    #expect(problem(Array("PAR1".utf8) + [0xff, 1, 2, 3, 4, 0, 0, 0] + Array("PAR1".utf8))?.hasPrefix("its footer cannot be read") == true)
  }
}

@Suite struct DamagedParquetTests {
  private func read(_ bytes: [UInt8]) throws(ParquetError) {
    let file = try ParquetFile(ParquetBytes(bytes))
    for index in file.columns.indices {
      guard case .success(let column) = file.columns[index] else { continue }
      // A damaged count may promise rows without end.
      guard file.rowCount < 1_000_000 else { return }
      for shape in [column.shape, .texts] {
        do throws(ParquetError) { _ = try Reading(file, index, shape) } catch { #expect(error.column == column.name) }
      }
    }
  }

  @Test(arguments: ["arrow300--snappy-pages1.parquet", "duckdb300--zstd-v1.parquet", "polars--gzip.parquet"])
  func `a file cut off anywhere is an error that says so`(name: String) {
    let bytes = Resources.bytes(name)
    for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 97)) {
      let error = #expect(throws: ParquetError.self) { try ParquetFile(ParquetBytes(Array(bytes[..<length]))) }
      #expect(error?.problem.isEmpty == false)
    }
  }

  @Test(arguments: ParquetFileTests.files)
  func `changed bytes give values or an error, never a crash`(name: String) throws {
    let bytes = Resources.bytes(name)
    var random = SplitMix(name)
    for _ in 0..<60 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Half of them where it hurts most: in the footer.
        let from = Bool.random(using: &random) ? max(0, bytes.count - 2000) : 0
        changed[Int.random(in: from..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      do throws(ParquetError) { try read(changed) } catch { #expect(!error.problem.isEmpty) }
    }
  }

  @Test func `row counts whose sum is no number are an error, not a crash`() {
    // The compact protocol: a schema of the root alone, and so many row groups of 2^48 rows and no column.
    func integer(_ value: UInt64) -> [UInt8] {
      var (left, bytes) = (value << 1, [UInt8]())
      while left >= 0x80 {
        bytes.append(UInt8(left & 0x7f) | 0x80)
        left >>= 7
      }
      return bytes + [UInt8(left)]
    }
    func count(_ value: UInt64) -> [UInt8] {
      var (left, bytes) = (value, [UInt8]())
      while left >= 0x80 {
        bytes.append(UInt8(left & 0x7f) | 0x80)
        left >>= 7
      }
      return bytes + [UInt8(left)]
    }
    let group: [UInt8] = [0x19, 0x0c, 0x26] + integer(1 << 48) + [0x00]
    for groups in [1, 40_000] {
      var footer: [UInt8] = [0x29, 0x1c, 0x48, 1, 0x72, 0x00, 0x16] + integer(1 << 48) + [0x19, 0xfc] + count(UInt64(groups))
      for _ in 0..<groups { footer += group }
      footer.append(0)
      let length = withUnsafeBytes(of: UInt32(footer.count).littleEndian, Array.init)
      let file = Array("PAR1".utf8) + footer + length + Array("PAR1".utf8)
      let error = #expect(throws: ParquetError.self) { try ParquetFile(ParquetBytes(file)) }
      #expect(error?.problem == "its row groups claim more than 68719476736 rows", "\(error?.problem ?? "")")
    }
  }

  @Test func `an error names column, row group and place`() throws {
    var bytes = Resources.bytes("arrow600--groups.parquet")
    // Pages have checksums here: any change in the first ones is found.
    for index in 100..<140 { bytes[index] ^= 0x55 }
    let file = try ParquetFile(ParquetBytes(bytes))
    let errors = file.columns.indices.compactMap { index -> ParquetError? in
      do throws(ParquetError) {
        _ = try Reading(file, index, .texts)
        return nil
      } catch { return error }
    }
    #expect(!errors.isEmpty && errors.allSatisfy { $0.column != nil && $0.rowGroup == 1 && $0.offset != nil }, "\(errors)")
  }
}
