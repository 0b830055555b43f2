import Foundation
import Parquet
import Testing

/// What `write_files.py` wrote.
enum Resources {
  private static let folder = Bundle.module.resourceURL!.appending(path: "Files")
  static let names = try! FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".parquet") }.sorted()

  static func bytes(_ name: String) -> [UInt8] { Array(try! Data(contentsOf: folder.appending(path: name))) }

  static func expected(_ name: String) throws -> [String: [Any]] {
    let content = name.components(separatedBy: "--")[0]
    let data = try Data(contentsOf: folder.appending(path: "\(content).json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: [Any]])
  }
}

/// All values of a column.
struct Reading {
  enum Value {
    case missing
    case number(Double)
    case time(Int64)
    case text(String)

    var number: Double? { if case .number(let number) = self { number } else { nil } }

    /// Whether it is what the JSON has.
    func isSame(as wanted: Any) -> Bool {
      switch self {
      case .missing: return wanted is NSNull
      case .text(let text): return wanted as? String == text
      case .time(let time): return (wanted as? NSNumber)?.int64Value == time
      case .number(let number):
        switch wanted as? String {
        case "nan": return number.isNaN
        case "inf": return number == .infinity
        case "-inf": return number == -.infinity
        default: break
        }
        guard let wanted = (wanted as? NSNumber)?.doubleValue else { return wanted is NSNull && number.isNaN }
        return number == wanted || abs(number - wanted) <= 1e-12 * abs(wanted)
      }
    }
  }

  private(set) var values: [Value] = []

  /// Texts in the order in which they came.
  private struct Texts: ParquetTexts {
    var texts: [[UInt8]] = []

    mutating func code(of text: UnsafeRawBufferPointer) -> Int32 {
      texts.append(Array(text))
      return Int32(texts.count - 1)
    }
  }

  init(_ file: ParquetFile, _ index: Int, _ shape: ParquetShape) throws(ParquetError) {
    for group in file.rowGroups.indices {
      var reader = try ParquetColumnReader(file, column: index, rowGroup: group, as: shape)
      var texts = Texts()
      while let batch = try reader.next(&texts) {
        switch shape {
        case .numbers: values += batch.numbers.map { .number($0) }
        case .times: values += batch.times.map { $0 == .min ? .missing : .time($0) }
        case .texts:
          values += batch.codes.map { code in
            if code < 0 { return .missing }
            let bytes = texts.texts[Int(code)]
            return .text(String(validating: bytes, as: UTF8.self) ?? String(bytes.map { Character(UnicodeScalar($0)) }))
          }
        }
      }
    }
  }
}

/// Gives the same numbers for the same name.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ name: String) { state = name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) } }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
