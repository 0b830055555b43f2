internal import Yams

/// What a scalar means by YAML 1.2's core schema: `yes`, `on` and `0o17` are text, unlike in YAML 1.1.
enum Plain {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)

  init(_ scalar: Node.Scalar) {
    let text = scalar.string
    guard scalar.style == .plain else {
      self = .text(text)
      return
    }
    switch text {
    case "", "~", "null", "Null", "NULL": self = .null
    case "true", "True", "TRUE": self = .bool(true)
    case "false", "False", "FALSE": self = .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf": self = .number(.infinity)
    case "-.inf", "-.Inf", "-.INF": self = .number(-.infinity)
    case ".nan", ".NaN", ".NAN": self = .number(.nan)
    default:
      if let value = Int(text) {
        self = .integer(value)
      } else if text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
        text.utf8.contains(where: { (0x30...0x39).contains($0) }), let value = Double(text)
      {
        self = .number(value)
      } else {
        self = .text(text)
      }
    }
  }
}

extension Node {
  /// What stands there, in words.
  var described: String {
    switch self {
    case .scalar(let scalar):
      switch Plain(scalar) {
      case .null: "nothing"
      case .bool, .integer, .number: scalar.string
      case .text(let text): DocumentContext.quote(text)
      }
    case .sequence: "a list"
    case .mapping: "keys and values"
    case .alias: "an alias"
    }
  }
}
