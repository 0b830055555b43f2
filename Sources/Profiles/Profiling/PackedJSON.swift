internal import CZlib
internal import Foundation
internal import Values

/// The compact binary form of profiles: their JSON, packed with gzip, so that `gunzip` shows what is in it. The same JSON gives the same bytes.
enum PackedJSON {
  /// - Throws: `TableError` when zlib cannot pack it.
  static func packed(_ json: JSON, name: String) throws(TableError) -> [UInt8] {
    let text = Array(json.description.utf8)
    var stream = z_stream()
    // 15 + 16: the largest window, with a gzip header, in which zlib writes no time.
    guard deflateInit2_(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw failure(name)
    }
    defer { deflateEnd(&stream) }
    var status = Z_OK
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(deflateBound(&stream, UInt(text.count)))) { buffer, count in
      text.withUnsafeBufferPointer { text in
        stream.next_in = UnsafeMutablePointer(mutating: text.baseAddress)
        stream.avail_in = UInt32(text.count)
        stream.next_out = buffer.baseAddress
        stream.avail_out = UInt32(buffer.count)
        status = deflate(&stream, Z_FINISH)
      }
      count = Int(stream.total_out)
    }
    guard status == Z_STREAM_END else { throw failure(name) }
    return bytes
  }

  private static func failure(_ name: String) -> TableError {
    TableError(source: name, problem: "cannot be packed: zlib refused it", advice: "profile fewer columns at a time")
  }

  /// - Throws: `TableError` when it is neither JSON nor JSON packed with gzip.
  static func json(_ bytes: [UInt8], name: String) throws(TableError) -> JSON {
    var text = bytes
    if bytes.starts(with: [0x1f, 0x8b]) {
      let stream = try GzipStream(MemoryStream(bytes), name: name)
      text = []
      while true {
        let piece = try stream.bytes(1 << 20)
        text += piece
        if piece.count < 1 << 20 { break }
      }
    }
    do throws(JSONSyntaxError) { return try JSON(parsing: text) } catch {
      throw TableError(source: name, line: error.line, problem: "is not JSON: \(error.message)", advice: "make a profile with: kedge profile FILE -o json")
    }
  }
}

extension TableProfile {
  /// The compact binary form: `json()`, packed with gzip.
  /// - Throws: `TableError` when zlib cannot pack it, `EncodingError` when a number cannot be written.
  public func packed() throws -> [UInt8] { try PackedJSON.packed(try json(), name: source) }
}
