/// Header fields in order. Names are compared without regard to case.
public struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  /// One field.
  public struct Field: Sendable, Hashable {
    /// As it is sent; compared without regard to case.
    public let name: String
    /// As it is sent. It may be a secret.
    public let value: String
  }

  public private(set) var fields: [Field] = []

  /// No fields.
  public init() {}

  /// Fields in the order written; a name may occur more than once.
  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }

  /// Adds a field after those that are there, also when one of this name is.
  public mutating func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

  /// The value of the first field of this name. Setting replaces all fields of the name; nil removes them.
  public subscript(name: String) -> String? {
    get { fields.first { HTTPHeaders.same($0.name, name) }?.value }
    set {
      fields.removeAll { HTTPHeaders.same($0.name, name) }
      if let newValue { add(name, newValue) }
    }
  }

  private static func same(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.lowercased() == right.lowercased()
  }
}

extension HTTPHeaders.Field {
  /// What is wrong with it, if it cannot be sent: a name that is no token (RFC 9110), a value that would begin another line.
  var fault: String? {
    let separators = Set("()<>@,;:\\\"/[]?={} \t".utf8)
    guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !separators.contains($0) }) else {
      return "a header name holds characters that are not allowed there"
    }
    guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
      return "the value of the header \(name) holds control characters"
    }
    return nil
  }
}
