public import Lifecycle
public import Values

/// One difference between two declarations of a thing.
public struct DeclarationChange: Hashable, Sendable {
  /// Where, in the words of the file: `window.every`, `evaluate.gate[1].above`; empty when the whole thing is new or gone.
  public var path: String
  /// Nil when there was nothing.
  public var old: JSON?
  /// Nil when there is nothing any more.
  public var new: JSON?

  /// Takes the values as they are; nothing is checked.
  public init(path: String, old: JSON?, new: JSON?) {
    self.path = path
    self.old = old
    self.new = new
  }
}

extension DeclarationChange: CustomStringConvertible {
  /// `window.every: "1h" → "5m"`.
  public var description: String {
    let values =
      switch (old, new) {
      case (let old?, let new?): "\(old) → \(new)"
      case (nil, let new?): "added \(new)"
      case (let old?, nil): "removed \(old)"
      case (nil, nil): "unchanged"
      }
    return path.isEmpty ? values : "\(path): \(values)"
  }
}

extension Declaration {
  /// What differs, in the order of the keys; empty when nothing does.
  /// - Parameters:
  ///   - old: nil when the thing is new.
  ///   - new: nil when it is gone.
  /// - Throws: `EncodingError` when a number in one of them is not finite.
  public static func diff(_ old: Declaration?, _ new: Declaration?) throws -> [DeclarationChange] {
    var changes: [DeclarationChange] = []
    compare(try old?.specification(), try new?.specification(), "", &changes)
    return changes
  }

  private static func compare(_ old: JSON?, _ new: JSON?, _ path: String, _ changes: inout [DeclarationChange]) {
    guard old != new else { return }
    switch (old, new) {
    case (.object(let left)?, .object(let right)?):
      for key in Set(left.members.map(\.key) + right.members.map(\.key)).sorted() {
        compare(left[key], right[key], path.isEmpty ? key : "\(path).\(key)", &changes)
      }
    case (.array(let left)?, .array(let right)?) where (left + right).contains { $0.object != nil }:
      for index in 0..<max(left.count, right.count) {
        // Not `index < left.count ? left[index] : nil`, whose nil would be JSON's null.
        compare(old?[index], new?[index], "\(path)[\(index)]", &changes)
      }
    default: changes.append(DeclarationChange(path: path, old: old, new: new))
    }
  }
}
