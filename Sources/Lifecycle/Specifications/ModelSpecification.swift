/// A model as declared: what a family of versions has in common.
public struct ModelSpecification: Hashable, Codable, Sendable {
  /// What the model predicts, which decides the metrics that fit it.
  public enum Task: String, Hashable, Codable, Sendable, CaseIterable {
    case classification, regression
  }

  /// Unique among models.
  public var name: String
  /// What it predicts.
  public var task: Task
  /// Free words for people and filters; may be empty.
  public var tags: [String: String]

  /// Takes the values as they are; nothing is checked.
  public init(name: String, task: Task, tags: [String: String] = [:]) {
    self.name = name
    self.task = task
    self.tags = tags
  }
}
