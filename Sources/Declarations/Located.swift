/// A place in a declaration file. Lines and columns count from 1, columns in Unicode scalars.
public struct SourcePosition: Hashable, Comparable, Sendable {
  /// From 1.
  public var line: Int
  /// From 1, in Unicode scalars.
  public var column: Int

  /// Both count from 1.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// In reading order: by line, then by column.
  public static func < (left: SourcePosition, right: SourcePosition) -> Bool { (left.line, left.column) < (right.line, right.column) }
}

/// A value and where it was declared.
public struct Located<Value: Sendable>: Sendable {
  /// What was declared.
  public var value: Value
  /// The file as it was named by whoever asked.
  public var file: String
  /// Where its document begins.
  public var position: SourcePosition
  /// Where the values of its keys stand, by path: `window.every`, `trigger[0].alert`.
  let positions: [String: SourcePosition]

  init(_ value: Value, file: String, position: SourcePosition, positions: [String: SourcePosition]) {
    self.value = value
    self.file = file
    self.position = position
    self.positions = positions
  }

  /// Where the value of a key stands; the document's own place when it does not stand there.
  public func position(of path: String) -> SourcePosition { positions[path] ?? position }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
