/// What is supposed to have been declared otherwise, from the first event on.
public struct Hypothesis: Sendable {
  /// In force instead of whatever was ever declared under these names.
  public var declarations: [Declaration]
  /// Never declared.
  public var removed: Set<DeclarationKey>

  /// Without arguments: everything as it was declared.
  public init(declarations: [Declaration] = [], removed: Set<DeclarationKey> = []) {
    self.declarations = declarations
    self.removed = removed
  }

  func overrides(_ key: DeclarationKey) -> Bool { removed.contains(key) || declarations.contains { $0.key == key } }

  var pipelines: [String: PipelineSpecification] {
    var pipelines: [String: PipelineSpecification] = [:]
    for case .pipeline(let specification) in declarations { pipelines[specification.name] = specification }
    return pipelines
  }

  /// The facts that declare it, what others refer to first.
  var facts: [(stream: String, fact: Fact)] {
    let order: [DeclarationKind] = [.model, .pool, .channel, .monitor, .rule, .endpoint, .pipeline]
    return order.flatMap { kind in declarations.filter { $0.kind == kind }.map { ($0.streamName, $0.fact) } }
  }
}

extension Declaration {
  /// The fact that declares it.
  public var fact: Fact {
    switch self {
    case .model(let specification): .modelRegistered(specification)
    case .pool(let specification): .poolDefined(specification)
    case .monitor(let specification): .monitorDefined(specification)
    case .rule(let specification): .ruleDefined(specification)
    case .pipeline(let specification): .pipelineDefined(specification)
    case .endpoint(let specification): .endpointDefined(specification)
    case .channel(let specification): .channelDefined(specification)
    }
  }
}

extension FactRecord {
  /// What the fact declares or takes back; nil for one that does neither.
  var declares: DeclarationKey? {
    let kind: DeclarationKind? =
      switch fact {
      case .modelRegistered: .model
      case .poolDefined, .poolRemoved: .pool
      case .monitorDefined, .monitorRemoved: .monitor
      case .ruleDefined, .ruleRemoved: .rule
      case .pipelineDefined, .pipelineRemoved: .pipeline
      case .endpointDefined, .endpointRemoved: .endpoint
      case .channelDefined, .channelRemoved: .channel
      default: nil
      }
    return kind.map { DeclarationKey($0, name) }
  }
}
