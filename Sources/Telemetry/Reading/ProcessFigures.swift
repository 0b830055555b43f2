internal import Foundation

/// Figures of this process, under the names that Prometheus' own clients give them.
enum ProcessFigures {
  static func families() -> [MetricFamily] {
    var families: [MetricFamily] = []
    func add(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: Double?) {
      guard let value else { return }
      var family = MetricFamily(name, kind, help)
      family.add(value)
      families.append(family)
    }
    // The fields after the command's name, which may hold spaces and ends with the last bracket; the first is field 3 of proc(5).
    let stat = (try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)) ?? ""
    let fields = stat.split(separator: ")").last?.split(separator: " ").map { Double($0) } ?? []
    func field(_ number: Int) -> Double? { fields.indices.contains(number - 3) ? fields[number - 3] : nil }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    let boot = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.split(separator: "\n").first { $0.hasPrefix("btime ") }
      .flatMap { Double($0.dropFirst(6)) }
    add("process_cpu_seconds", .counter, "Processor time of this process.", field(14).flatMap { user in field(15).map { (user + $0) / ticks } })
    add("process_start_time_seconds", .gauge, "When this process began, in seconds since 1970.", boot.flatMap { boot in field(22).map { boot + $0 / ticks } })
    add("process_resident_memory_bytes", .gauge, "Memory that this process holds.", field(24).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) })
    add(
      "process_open_fds", .gauge, "Open files and sockets of this process.",
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count).map(Double.init))
    return families
  }
}
