import Testing

@testable import Workers

@Suite struct RowKeyTests {
  @Test func `keys are the same in every process, ascending and each once, and read back from their bytes`() throws {
    let keys = RowKeys(["b", "a", "b", "ü", ""])
    #expect(keys.hashes.count == 4 && keys.hashes == keys.hashes.sorted())
    #expect(RowKeys.hash("a") == 0x02c0_bdbf_4814_20f8)
    #expect(RowKeys(bytes: keys.bytes) == keys)
    #expect(RowKeys(bytes: [1, 2, 3]) == nil)
    #expect(RowKeys((0..<100_000).map { "row-\($0)" }).hashes.count == 100_000)
  }
}
