/// A model as declared: what a family of versions has in common.
public struct ModelSpecification: Hashable, Codable, Sendable {
  /// What the model predicts, which decides the metrics that fit it.
  public enum Task: String, Hashable, Codable, Sendable, CaseIterable {
    case classification, regression
  }

  public var name: String
  public var task: Task
  public var tags: [String: String]

  public init(name: String, task: Task, tags: [String: String] = [:]) {
    self.name = name
    self.task = task
    self.tags = tags
  }
}
