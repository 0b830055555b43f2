internal import Statistics
public import Values

/// A profile that whylogs 1 wrote (`view().write("x.bin")`), taken over as one of ours, so that people who have such profiles keep them.
///
/// Counts, means, spreads, ranges, quantiles and frequent texts are taken over; how many different values there are is known only as far as the frequent
/// ones tell, because whylogs hashes values otherwise.
/// - Source: whylogs 1.6 (`DatasetProfileView`), and the sketches of Apache DataSketches that are in it: KLL of doubles, and frequent items.
public struct WhylogsProfile: Sendable {
  /// As one of ours.
  public let profile: TableProfile
  /// The time that the data are about.
  public let datasetAt: Timestamp

  /// With what such files begin.
  static let magic = Array("WHY1".utf8)

  /// - Throws: `TableError` when it is no such profile, or one that was cut off.
  public init(_ bytes: [UInt8], source: String) throws(TableError) {
    func damaged(_ what: String, column: String? = nil) -> TableError {
      TableError(source: source, column: column, problem: "is no whole whylogs profile: \(what)", advice: "write it again with view().write(path), whylogs 1")
    }
    guard bytes.starts(with: WhylogsProfile.magic) else { throw damaged("it does not begin with WHY1") }
    var reader = ProtobufReader(bytes[4...])
    guard reader.block() != nil, let header = reader.block().map(ProtobufReader.fields) else { throw damaged("its header is cut off") }
    let start = reader.position
    let properties = header[1]?.last?.bytes.map(ProtobufReader.fields) ?? [:]
    let (microseconds, isBeyond) = Int64(properties[5]?.last?.integer ?? properties[4]?.last?.integer ?? 0).multipliedReportingOverflow(by: 1000)
    guard !isBeyond else { throw damaged("its time is none") }
    datasetAt = Timestamp(microseconds: microseconds)
    var paths: [Int: String] = [:]
    for (key, value) in ProtobufReader.map(header[5]) { paths[key.integer ?? 0] = value.text }
    var columns: [ColumnProfile] = []
    for (key, value) in ProtobufReader.map(header[2]).sorted(by: { ($0.key.text ?? "") < ($1.key.text ?? "") }) {
      let name = key.text ?? ""
      var components: [String: [Int: [ProtobufReader.Value]]] = [:]
      for offset in WhylogsProfile.offsets(value) {
        guard (0...bytes.count - start).contains(offset) else { throw damaged("it is cut off", column: name) }
        var chunk = ProtobufReader(bytes[(start + offset)...])
        guard let chunkHeader = chunk.block().map(ProtobufReader.fields), let length = chunkHeader[3]?.last?.integer, length >= 0,
          length <= bytes.count - chunk.position
        else { throw damaged("it is cut off", column: name) }
        let message = ProtobufReader.fields(bytes[chunk.position..<chunk.position + length])
        for (index, component) in ProtobufReader.map(message[1]) {
          if let path = paths[index.integer ?? 0], let content = component.bytes { components[path] = ProtobufReader.fields(content) }
        }
      }
      guard let column = WhylogsProfile.column(name, components) else { throw damaged("a sketch cannot be read", column: name) }
      columns.append(column)
    }
    guard !columns.isEmpty else { throw damaged("it has no columns") }
    profile = TableProfile(source: source, rows: columns.map(\.rows).max() ?? 0, columns: columns)
  }

  /// Offsets of a column's chunks: repeated numbers, packed or not.
  private static func offsets(_ value: ProtobufReader.Value) -> [Int] {
    guard let fields = value.bytes.map(ProtobufReader.fields) else { return [0] }
    let found = (fields[1] ?? []).flatMap { value -> [Int] in
      guard let packed = value.bytes else { return [value.integer ?? 0] }
      return ProtobufReader.packed(packed)
    }
    // A single zero is not written.
    return found.isEmpty ? [0] : found
  }

  private static func column(_ name: String, _ components: [String: [Int: [ProtobufReader.Value]]]) -> ColumnProfile? {
    func count(_ path: String) -> Int { components[path]?[2]?.last?.integer ?? 0 }
    func number(_ path: String) -> Double { components[path]?[3]?.last?.double ?? 0 }
    let types = ["boolean", "fractional", "integral", "object", "string", "tensor"].map { count("types/\($0)") }
    let most = QuantileSketch.mostValues
    guard (types + [count("counts/n"), count("counts/inf")]).allSatisfy((0...most).contains) else { return nil }
    let present = types.reduce(0, +)
    let isNumeric = types[1] + types[2] > 0 && types[0] + types[4] == 0
    var frequent: FrequentItems?
    if let sketch = components["frequent_items/frequent_strings"]?[4]?.last?.bytes.map(ProtobufReader.fields)?[1]?.last?.bytes {
      guard let read = FrequentItems(dataSketches: sketch) else { return nil }
      frequent = read
    }
    var quantiles = QuantileSketch()
    var moments = Moments()
    if isNumeric {
      guard let sketch = components["distribution/kll"]?[6]?.last?.bytes.map(ProtobufReader.fields)?[1]?.last?.bytes,
        let read = QuantileSketch.dataSketches(sketch)
      else { return nil }
      quantiles = read.sketch
      moments = Moments(
        count: read.sketch.count, mean: number("distribution/mean"), squares: number("distribution/m2"), min: read.min, max: read.max)
    }
    let rows = count("counts/n")
    let column = ColumnProfile(
      name: name, storage: isNumeric ? .numbers : .strings, rows: rows, missing: max(0, rows - present), infinite: count("counts/inf"),
      isInteger: isNumeric && types[1] == 0 && present == rows, moments: moments, quantiles: quantiles, frequent: frequent)
    return column.isSound ? column : nil
  }
}

extension TableProfile {
  /// Whether these are the bytes of a whylogs profile.
  public static func isWhylogs(_ bytes: [UInt8]) -> Bool { bytes.starts(with: WhylogsProfile.magic) }
}

extension ProtobufReader {
  /// Numbers one behind the other.
  fileprivate static func packed(_ bytes: ArraySlice<UInt8>) -> [Int] {
    var numbers: [Int] = []
    var (number, shift) = (0, 0)
    for byte in bytes where shift < 63 {
      number |= Int(byte & 0x7f) << shift
      shift += 7
      if byte & 0x80 == 0 {
        numbers.append(number)
        (number, shift) = (0, 0)
      }
    }
    return numbers
  }
}

extension QuantileSketch {
  /// A KLL sketch of doubles as Apache DataSketches for C++ writes it, with the smallest and largest value; nil when these are none.
  fileprivate static func dataSketches(_ bytes: ArraySlice<UInt8>) -> (sketch: QuantileSketch, min: Double?, max: Double?)? {
    guard let flags = bytes.little(3, 1), bytes.little(2, 1) == 15, let k = bytes.little(4, 2), k > 0 else { return nil }
    func double(_ offset: Int) -> Double? { bytes.little(offset, 8).map(Double.init(bitPattern:)) }
    if flags & 1 != 0 { return (QuantileSketch(capacity: Int(k)), nil, nil) }
    if flags & 4 != 0 {
      guard let value = double(8) else { return nil }
      return (QuantileSketch(capacity: Int(k), count: 1, levels: [[value]]), value, value)
    }
    guard let n = bytes.little(8, 8), n < 1 << 53, let levelCount = bytes.little(18, 1), (1...60).contains(levelCount) else { return nil }
    let starts = (0..<Int(levelCount)).compactMap { bytes.little(24 + $0 * 4, 4).map(Int.init) }
    let items = 24 + Int(levelCount) * 4 + 16
    guard starts.count == Int(levelCount), starts == starts.sorted(), let first = starts.first, let min = double(items - 16), let max = double(items - 8) else {
      return nil
    }
    let total = (bytes.count - items) / 8
    var levels: [[Double]] = []
    for (level, start) in starts.enumerated() {
      let end = level + 1 < starts.count ? starts[level + 1] : first + total
      guard end >= start, end - first <= total else { return nil }
      levels.append((start - first..<end - first).compactMap { double(items + $0 * 8) })
    }
    guard levels.enumerated().reduce(0, { $0 + $1.element.count << $1.offset }) == Int(n) else { return nil }
    return (QuantileSketch(capacity: Int(k), count: Int(n), levels: levels), min, max)
  }
}

extension FrequentItems {
  /// A sketch of frequent texts as Apache DataSketches for C++ writes it; nil when it is none.
  fileprivate init?(dataSketches bytes: ArraySlice<UInt8>) {
    guard let longs = bytes.little(0, 1), bytes.little(2, 1) == 10, let sizeLog = bytes.little(3, 1), sizeLog < 32 else { return nil }
    let capacity = (1 << Int(sizeLog)) * 3 / 4
    guard longs > 1 else {
      self.init(capacity: capacity)
      return
    }
    guard let active = bytes.little(8, 4), let total = bytes.little(16, 8), let offset = bytes.little(24, 8), total < 1 << 53, offset < 1 << 53,
      active <= UInt64(bytes.count / 12)
    else { return nil }
    var counts: [String: Int] = [:]
    var place = 32 + Int(active) * 8
    for index in 0..<Int(active) {
      guard let weight = bytes.little(32 + index * 8, 8), weight < 1 << 53, let length = bytes.little(place, 4), place + 4 + Int(length) <= bytes.count else {
        return nil
      }
      let start = bytes.startIndex + place + 4
      counts[String(decoding: bytes[start..<start + Int(length)], as: UTF8.self)] = Int(weight)
      place += 4 + Int(length)
    }
    self.init(capacity: max(capacity, counts.count), counts: counts, error: Int(offset), total: Int(total))
  }
}
