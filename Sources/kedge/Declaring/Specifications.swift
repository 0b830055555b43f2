internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Values

/// What is declared at this moment, read from the log itself.
struct Specifications {
  let database: any Queryable

  /// Every declared thing, in the order of its kind and name.
  func all() async throws -> [Declaration] {
    let rows = try await database.query(
      """
      select s.name::text, e.type::text, e.data
      from kedge.stream s
      cross join lateral (
        select e.type, e.data from kedge.event e where e.stream = s.name and e.type in
          ('model_registered', 'monitor_defined', 'monitor_removed', 'rule_defined', 'rule_removed', 'pipeline_defined', 'pipeline_removed',
           'pool_defined', 'pool_removed', 'channel_defined', 'channel_removed', 'endpoint_defined', 'endpoint_removed')
        order by e.version desc limit 1
      ) e
      where split_part(s.name, '/', 1) in ('model', 'monitor', 'rule', 'pipeline', 'pool', 'channel', 'endpoint')
      order by s.name
      """)
    let declared = try rows.compactMap { row -> Declaration? in
      let (stream, type, data) = try row.decode(String.self, String.self, JSON.self)
      return try declaration(stream, type, data)
    }
    let order = DeclarationKind.allCases
    return declared.sorted { (order.firstIndex(of: $0.kind) ?? 0, $0.name) < (order.firstIndex(of: $1.kind) ?? 0, $1.name) }
  }

  /// The pipeline of that name; nil when there is none.
  func pipeline(_ name: String) async throws -> PipelineSpecification? {
    guard case .pipeline(let specification)? = try await declared(DeclarationKey(.pipeline, name)) else { return nil }
    return specification
  }

  /// What is declared under a name; nil when there is nothing.
  func declared(_ key: DeclarationKey) async throws -> Declaration? {
    let row = try await database.query(
      """
      select type::text, data from kedge.event where stream = \(key.streamName)
        and type in (\(key.kind.definedType), \(key.kind.removedType ?? "")) order by version desc limit 1
      """
    ).first
    guard let row else { return nil }
    let (type, data) = try row.decode(String.self, JSON.self)
    return try declaration(key.streamName, type, data)
  }

  private func declaration(_ stream: String, _ type: String, _ data: JSON) throws -> Declaration? {
    guard let kind = DeclarationKind.allCases.first(where: { stream.hasPrefix($0.category + "/") }), type == kind.definedType else { return nil }
    return try Declaration(kind: kind, specification: data)
  }
}

extension DeclarationKind {
  /// The event that declares a thing.
  var definedType: String { self == .model ? "model_registered" : "\(category)_defined" }

  /// The event that takes it away; nil for models, which stay.
  var removedType: String? { self == .model ? nil : "\(category)_removed" }
}

extension DeclarationKind {
  /// The fact that takes a thing of this kind away; nil for models.
  func removal(reason: String?) -> Fact? {
    switch self {
    case .model: nil
    case .pool: .poolRemoved(Remark(reason: reason))
    case .monitor: .monitorRemoved(Remark(reason: reason))
    case .rule: .ruleRemoved(Remark(reason: reason))
    case .pipeline: .pipelineRemoved(Remark(reason: reason))
    case .endpoint: .endpointRemoved(Remark(reason: reason))
    case .channel: .channelRemoved(Remark(reason: reason))
    }
  }
}
