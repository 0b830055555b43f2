internal import Glibc

/// This process's descendants, as `/proc` shows them.
enum ProcessTree {
  private struct Entry {
    let process: pid_t
    let parent: pid_t
    let group: pid_t
  }

  /// Sends a signal to a process group, and to each descendant outside of it.
  static func signal(_ number: Int32, group: pid_t) {
    // Descendants first: what is in the group is reparented, and stays below this process, whatever dies first.
    for entry in descendants() where entry.group != group { kill(entry.process, number) }
    kill(-group, number)
  }

  private static func descendants() -> [Entry] {
    let children = Dictionary(grouping: all(), by: \.parent)
    var found: [Entry] = []
    var next = children[getpid()] ?? []
    while let entry = next.popLast() {
      found.append(entry)
      next += children[entry.process] ?? []
    }
    return found
  }

  private static func all() -> [Entry] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var entries: [Entry] = []
    while let item = readdir(directory) {
      let name = withUnsafeBytes(of: item.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if let process = pid_t(name), let entry = read(process) { entries.append(entry) }
    }
    return entries
  }

  /// `PID (NAME) STATE PARENT GROUP …`, where NAME may hold anything, parentheses too.
  private static func read(_ process: pid_t) -> Entry? {
    let descriptor = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    guard count > 0, let name = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = bytes[(name + 1)..<count].split(separator: UInt8(ascii: " ")).prefix(3).map { String(decoding: $0, as: UTF8.self) }
    guard fields.count == 3, let parent = pid_t(fields[1]), let group = pid_t(fields[2]) else { return nil }
    return Entry(process: process, parent: parent, group: group)
  }
}
