internal import Glibc
internal import SystemPackage

/// Blocking file operations whose failures say what was done to which file.
enum Files {
  static func failure(_ operation: String, _ path: String, _ code: Errno? = nil) -> TargetFailure {
    .files("cannot \(operation) \(path): \(code ?? Errno(rawValue: errno))")
  }

  private static func naming<Value>(_ operation: String, _ path: String, _ body: () throws -> Value) throws(TargetFailure) -> Value {
    do { return try body() } catch { throw failure(operation, path, error as? Errno) }
  }

  static func open(_ path: String) throws(TargetFailure) -> FileDescriptor {
    try naming("open", path) { try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec) }
  }

  /// A file for everybody to read, made or emptied.
  static func create(_ path: String) throws(TargetFailure) -> FileDescriptor {
    try naming("create", path) {
      try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite, .groupRead, .otherRead])
    }
  }

  static func sync(_ file: FileDescriptor, _ path: String) throws(TargetFailure) {
    guard fsync(file.rawValue) == 0 else { throw failure("sync", path) }
  }

  /// Makes renames in a directory last.
  static func syncDirectory(_ path: String) throws(TargetFailure) {
    let directory = try open(path)
    defer { try? directory.close() }
    try sync(directory, path)
  }

  static func rename(_ from: String, _ to: String) throws(TargetFailure) {
    guard Glibc.rename(from, to) == 0 else { throw failure("rename \(from) to", to) }
  }

  /// Writes a whole file so that readers see the old or the new one, and nothing else, also after a power cut.
  /// - Parameter prepared: called when the new one is complete under its temporary name.
  static func replace(_ path: String, temporary: String, with text: String, prepared: () -> Void = {}) throws(TargetFailure) {
    let file = try create(temporary)
    do {
      defer { try? file.close() }
      try naming("write", temporary) { _ = try file.writeAll(text.utf8) }
      try sync(file, temporary)
    }
    prepared()
    try rename(temporary, path)
    try syncDirectory(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)))
  }

  /// The bytes of a small file, at most a megabyte; nil when there is none.
  static func contents(_ path: String) throws(TargetFailure) -> [UInt8]? {
    let limit = 1 << 20
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      return try file.closeAfter {
        try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
          while count < limit {
            let read = try file.read(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[count...])))
            if read == 0 { break }
            count += read
          }
        }
      }
    } catch {
      if error as? Errno == .noSuchFileOrDirectory { return nil }
      throw failure("read", path, error as? Errno)
    }
  }

  static func makeDirectories(_ path: String) throws(TargetFailure) {
    var end = path.startIndex
    while end < path.endIndex {
      end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
      guard mkdir(String(path[..<end]), 0o755) == 0 || errno == EEXIST else { throw failure("make the directory", String(path[..<end])) }
    }
  }

  /// Removes what crashed copies left: temporaries that nobody has written to for an hour.
  static func removeOldTemporaries(in directory: String, of name: String) {
    guard let listing = opendir(directory) else { return }
    defer { closedir(listing) }
    while let item = readdir(listing) {
      let found = withUnsafeBytes(of: item.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      var status = stat()
      guard found.hasPrefix(".\(name)."), stat("\(directory)/\(found)", &status) == 0, status.st_mtim.tv_sec < time(nil) - 3600 else { continue }
      unlink("\(directory)/\(found)")
    }
  }
}
