extension DataTable {
  /// The table as comma-separated text (RFC 4180 with bare line feeds): header, then rows; missing cells are empty, cells are quoted where they must be.
  public var csv: [UInt8] {
    var out: [UInt8] = []
    func append(_ text: String) {
      if text.utf8.contains(where: { $0 == 0x2c || $0 == 0x22 || $0 == 0x0a || $0 == 0x0d }) || text.first?.isWhitespace == true {
        out.append(0x22)
        for byte in text.utf8 {
          if byte == 0x22 { out.append(byte) }
          out.append(byte)
        }
        out.append(0x22)
      } else {
        out += text.utf8
      }
    }
    for (position, column) in columns.enumerated() {
      if position > 0 { out.append(0x2c) }
      append(column.name)
    }
    out.append(0x0a)
    for row in 0..<rowCount {
      for (position, column) in columns.enumerated() {
        if position > 0 { out.append(0x2c) }
        if let text = column.string(at: row) { append(text) }
      }
      out.append(0x0a)
    }
    return out
  }
}
