import Foundation
import Profiles
import Testing

/// A folder that goes with the test.
final class ScratchFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("kedge-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path
  }

  @discardableResult func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }
}

@Suite struct DataFilesTests {
  @Test func `a directory is read as one table, its partitions in order`() throws {
    let folder = try ScratchFolder()
    for day in [3, 1, 2] { try folder.write("date=2026-01-0\(day)/part-0.csv", "x,word\n\(day).5,w\(day)\n\(day).25,w\n") }
    try folder.write("_SUCCESS", "")
    try folder.write("date=2026-01-03/.part-1.csv.tmp", "nonsense")
    try folder.write("date=2026-01-03/_temporary/part-1.csv", "x,word\nnonsense")
    try folder.write("notes.txt", "nonsense")
    let table = try TableReader.read(path: folder.path)
    #expect(try table.numbers("x") == [1.5, 1.25, 2.5, 2.25, 3.5, 3.25])
    #expect(try table.strings("word") == ["w1", "w", "w2", "w", "w3", "w"])
    #expect(table.source == folder.path)
    let two = try TableReader.read(path: folder.path + "/date=2026-01-0[23]")
    #expect(two.rowCount == 4)
    #expect(try TableReader().profile(path: folder.path + "/*/part-?.csv").rows == 6)
  }

  @Test func `files that differ are brought together`() throws {
    let folder = try ScratchFolder()
    try folder.write("1.csv", "id,x,only\n1,1,a\n2,2,b\n")
    try folder.write("2.jsonl", "{\"x\": 2.5, \"id\": \"seven\", \"late\": true}\n")
    try folder.write("3.csv", "x;id\n4;9\n")
    let table = try TableReader.read(path: folder.path)
    #expect(table.columns.map(\.name) == ["id", "x", "only", "late"])
    #expect(try table.strings("id") == ["1", "2", "seven", "9"])
    #expect(try table.numbers("x") == [1, 2, 2.5, 4])
    #expect(try table.strings("only") == ["a", "b", nil, nil])
    #expect(try table.strings("late") == [nil, nil, "true", nil])
  }

  @Test func `Parquet files of a directory are one table, and are not mixed with text`() throws {
    let folder = try ScratchFolder()
    for part in 1...3 { try folder.write("\(part).parquet", ParquetFiles.bytes("arrow300--zstd-pages1.parquet")) }
    let table = try TableReader.read(path: folder.path + "/*.parquet")
    #expect(table.rowCount == 900)
    #expect(try table.strings("name")[899] == table.strings("name")[299])
    try folder.write("4.csv", "x\n1\n")
    let error = #expect(throws: TableError.self) { try TableReader.read(path: folder.path) }
    #expect(error?.problem.hasPrefix("is no Parquet file") == true)
  }

  @Test func `a stray cell of one file of many is named with that file`() throws {
    let folder = try ScratchFolder()
    try folder.write("a.csv", "x\n" + (0..<50).map { "\($0)\n" }.joined())
    let broken = try folder.write("b.csv", "x\n1\n12;5\n" + (0..<50).map { "\($0)\n" }.joined())
    let error = #expect(throws: TableError.self) { try TableReader.read(path: folder.path).numbers("x") }
    #expect(error?.description.hasPrefix("\(broken):3: column \"x\": \"12;5\" is not a number") == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func `what is not there, or empty, is an error that says so`() throws {
    let folder = try ScratchFolder()
    func problem(_ path: String) -> String? { #expect(throws: TableError.self) { try TableReader.read(path: path) }?.problem }
    #expect(problem(folder.path) == "is a directory without data files")
    #expect(problem(folder.path + "/*.csv") == "matches no file")
    #expect(problem(folder.path + "/none.csv") == "cannot be opened: No such file or directory")
    let odd = try folder.write("really [1].csv", "x\n1\n")
    #expect(try TableReader.read(path: odd).rowCount == 1)
  }

  @Test func `a file whose name says nothing is known by its content`() throws {
    let folder = try ScratchFolder()
    #expect(try TableReader.read(path: try folder.write("a", "x,y\n1,2\n")).columns.count == 2)
    #expect(try TableReader.read(path: try folder.write("b.data", "\n {\"x\": 1, \"y\": 2}\n")).columns.count == 2)
    #expect(try TableReader.read(path: try folder.write("c", ParquetFiles.bytes("arrow0--empty.parquet"))).columns.count == 12)
    let error = #expect(throws: TableError.self) { try TableReader.read(path: try folder.write("d.parquet.gz", "x")) }
    #expect(error?.problem == "is Parquet inside of gzip")
  }
}
