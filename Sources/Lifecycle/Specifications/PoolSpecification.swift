/// How many runs may be under way at once on shared machinery.
public struct PoolSpecification: Hashable, Codable, Sendable {
  /// Unique among pools.
  public var name: String
  /// At least 1.
  public var slots: Int

  /// Takes the values as they are; nothing is checked.
  public init(name: String, slots: Int) {
    self.name = name
    self.slots = slots
  }

  /// The pool of runs that name none: one at a time until somebody declares it otherwise.
  public static let implied = PoolSpecification(name: "default", slots: 1)
}
