public import Values

/// One thing that a file declares.
public enum Declaration: Hashable, Sendable {
  case model(ModelSpecification)
  case pool(PoolSpecification)
  case monitor(MonitorSpecification)
  case rule(AlertRuleSpecification)
  case pipeline(PipelineSpecification)
  case endpoint(EndpointSpecification)
  case channel(ChannelSpecification)
}

/// The kinds of things that can be declared; the raw value is the word after `kind:`.
public enum DeclarationKind: String, Hashable, Codable, Sendable, CaseIterable {
  case model = "Model"
  case pool = "Pool"
  case monitor = "Monitor"
  case rule = "AlertRule"
  case pipeline = "Pipeline"
  case endpoint = "Endpoint"
  case channel = "Channel"

  /// The category of the stream that holds its definitions, and the word before its name in messages.
  public var category: String {
    switch self {
    case .model: "model"
    case .pool: "pool"
    case .monitor: "monitor"
    case .rule: "rule"
    case .pipeline: "pipeline"
    case .endpoint: "endpoint"
    case .channel: "channel"
    }
  }
}

/// What identifies a declared thing; no two declarations share it.
public struct DeclarationKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// What kind of thing it is.
  public var kind: DeclarationKind
  /// Unique among things of the kind.
  public var name: String

  /// Takes the values as they are; nothing is checked.
  public init(_ kind: DeclarationKind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  /// The name of its stream: `monitor/NAME`.
  public var streamName: String { "\(kind.category)/\(name)" }
  /// `monitor/NAME`
  public var description: String { streamName }
  /// By the stream's name.
  public static func < (left: DeclarationKey, right: DeclarationKey) -> Bool { left.streamName < right.streamName }
}

extension Declaration {
  /// The word after `kind:`.
  public var kind: DeclarationKind {
    switch self {
    case .model: .model
    case .pool: .pool
    case .monitor: .monitor
    case .rule: .rule
    case .pipeline: .pipeline
    case .endpoint: .endpoint
    case .channel: .channel
    }
  }

  /// Unique among things of the kind.
  public var name: String {
    switch self {
    case .model(let specification): specification.name
    case .pool(let specification): specification.name
    case .monitor(let specification): specification.name
    case .rule(let specification): specification.name
    case .pipeline(let specification): specification.name
    case .endpoint(let specification): specification.name
    case .channel(let specification): specification.name
    }
  }

  /// Kind and name.
  public var key: DeclarationKey { DeclarationKey(kind, name) }

  /// The name of the stream that holds its definitions: `model/NAME`, `pool/NAME`, `monitor/NAME`, `rule/NAME` …
  public var streamName: String { key.streamName }

  /// What else must be declared for it to mean anything.
  public var references: [DeclarationKey] {
    switch self {
    case .model, .pool, .channel: []
    case .monitor(let monitor): [DeclarationKey(.model, monitor.model)]
    case .rule(let rule): rule.references
    case .pipeline(let pipeline):
      [DeclarationKey(.model, pipeline.model)] + pipeline.trigger.compactMap(\.rule).map { DeclarationKey(.rule, $0) }
        + (pipeline.train.pool == PoolSpecification.implied.name ? [] : [DeclarationKey(.pool, pipeline.train.pool)])
        + (pipeline.deploy.map { [DeclarationKey(.endpoint, $0)] } ?? [])
    case .endpoint(let endpoint): [DeclarationKey(.model, endpoint.model)]
    }
  }

  /// The specification as JSON, in the words of the declaration; what its `…_defined` event carries.
  /// - Throws: `EncodingError` when a number is not finite.
  public func specification() throws -> JSON {
    switch self {
    case .model(let specification): try JSON(encoding: specification)
    case .pool(let specification): try JSON(encoding: specification)
    case .monitor(let specification): try JSON(encoding: specification)
    case .rule(let specification): try JSON(encoding: specification)
    case .pipeline(let specification): try JSON(encoding: specification)
    case .endpoint(let specification): try JSON(encoding: specification)
    case .channel(let specification): try JSON(encoding: specification)
    }
  }

  /// Reads back what `specification()` wrote.
  /// - Throws: `DecodingError`, which names the key.
  public init(kind: DeclarationKind, specification json: JSON) throws {
    self =
      switch kind {
      case .model: .model(try json.decode())
      case .pool: .pool(try json.decode())
      case .monitor: .monitor(try json.decode())
      case .rule: .rule(try json.decode())
      case .pipeline: .pipeline(try json.decode())
      case .endpoint: .endpoint(try json.decode())
      case .channel: .channel(try json.decode())
      }
  }
}

extension Trigger {
  /// The rule whose alerts start the run; nil for a schedule.
  public var rule: String? {
    switch self {
    case .alert(let rule), .alerts(let rule, _, _): rule
    case .schedule: nil
    }
  }
}

extension AlertRuleSpecification {
  /// What else must be declared for it to mean anything.
  var references: [DeclarationKey] {
    let channels = notify + (escalate?.notify ?? [])
    let acted = actions.compactMap { action -> DeclarationKey? in
      switch action.deed {
      case .retrain(let pipeline): DeclarationKey(.pipeline, pipeline)
      case .freeze(let endpoint), .rollBack(let endpoint): DeclarationKey(.endpoint, endpoint)
      case .command, .call: nil
      }
    }
    return [DeclarationKey(.monitor, monitor)] + channels.map { DeclarationKey(.channel, $0) } + inhibitedBy.map { DeclarationKey(.rule, $0) } + acted
  }
}
