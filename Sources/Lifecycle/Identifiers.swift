public import Foundation
public import Values

/// An identifier that is a UUID, a type of its own for each thing identified, so that none passes for another.
public protocol UUIDIdentifier: Hashable, Codable, Sendable, CustomStringConvertible {
  /// The part of the stream's name before the slash, e.g. `run`.
  static var category: String { get }
  var uuid: UUID { get }
  init(_ uuid: UUID)
}

extension UUIDIdentifier {
  /// Reads a UUID's text. Throws `DecodingError` for anything else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let uuid = UUID(uuidString: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a UUID")
    }
    self.init(uuid)
  }

  /// Writes the lower-case canonical text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// Lower-case canonical text.
  public var description: String { uuid.lowercased }

  /// The stream that holds the facts about it.
  public var stream: String { "\(Self.category)/\(description)" }

  /// Reads the identifier from a stream's name; nil when the stream is of another category.
  public init?(stream: String) {
    guard stream.hasPrefix(Self.category + "/"), let uuid = UUID(uuidString: String(stream.dropFirst(Self.category.count + 1))) else { return nil }
    self.init(uuid)
  }

  /// The identifier of what a policy makes of an event: the same event, policy and name always give the same,
  /// so that a retry makes no second thing.
  public init(cause: UUID, policy: String, name: String) {
    self.init(UUID(namespace: cause, name: "\(policy)/\(name)"))
  }
}

/// Identifies an alert: one occurrence, from pending to resolved.
public struct AlertID: UUIDIdentifier {
  /// Streams are `alert/ID`.
  public static let category = "alert"
  /// The identifier itself.
  public let uuid: UUID
  /// Takes the values as they are; nothing is checked.
  public init(_ uuid: UUID) { self.uuid = uuid }
}

/// Identifies a run: training and evaluation of one challenger.
public struct RunID: UUIDIdentifier {
  /// Streams are `run/ID`.
  public static let category = "run"
  /// The identifier itself.
  public let uuid: UUID
  /// Takes the values as they are; nothing is checked.
  public init(_ uuid: UUID) { self.uuid = uuid }
}

/// Identifies a deployment: one version proposed for one endpoint.
public struct DeploymentID: UUIDIdentifier {
  /// Streams are `deployment/ID`.
  public static let category = "deployment"
  /// The identifier itself.
  public let uuid: UUID
  /// Takes the values as they are; nothing is checked.
  public init(_ uuid: UUID) { self.uuid = uuid }
}

/// Identifies a silence.
public struct SilenceID: UUIDIdentifier {
  /// Streams are `silence/ID`.
  public static let category = "silence"
  /// The identifier itself.
  public let uuid: UUID
  /// Takes the values as they are; nothing is checked.
  public init(_ uuid: UUID) { self.uuid = uuid }
}

/// Identifies a window of a monitor.
public struct WindowID: UUIDIdentifier {
  /// The first part of names such as `window/ID`.
  public static let category = "window"
  /// The identifier itself.
  public let uuid: UUID
  /// Takes the values as they are; nothing is checked.
  public init(_ uuid: UUID) { self.uuid = uuid }
}

/// A version of a model: `MODEL/N`, N counting from 1.
public struct VersionName: Hashable, Codable, Sendable, CustomStringConvertible {
  /// The model's name; it may have slashes.
  public let model: String
  /// From 1.
  public let number: Int

  /// Checks nothing; `init(_:)` reads and checks text.
  public init(model: String, number: Int) {
    self.model = model
    self.number = number
  }

  /// Reads `MODEL/N`; nil when it is something else.
  public init?(_ text: String) {
    guard let slash = text.lastIndex(of: "/"), slash != text.startIndex, let number = Int(text[text.index(after: slash)...]), number > 0 else { return nil }
    self.init(model: String(text[..<slash]), number: number)
  }

  /// `MODEL/N`
  public var description: String { "\(model)/\(number)" }

  /// Reads `MODEL/N`. Throws `DecodingError` for anything else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let name = VersionName(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a version: expected MODEL/N")
    }
    self = name
  }

  /// Writes `MODEL/N`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Who did something: who they say they are, and who the database says they are.
public struct Person: Hashable, Codable, Sendable {
  /// Who they say they are.
  public var actor: String
  /// Who the database says they are: a role, or `token:NAME`.
  public var principal: String

  /// Takes the values as they are; nothing is checked.
  public init(actor: String, principal: String) {
    self.actor = actor
    self.principal = principal
  }
}
