public import Values

/// What a token may do; each role may also do what those before it may.
public enum TokenRole: String, Sendable, Hashable, CaseIterable, Comparable {
  /// Read.
  case viewer
  /// Post what was measured, and operate.
  case `operator`
  /// Approve and reject.
  case approver
  /// Everything.
  case admin

  /// By what they may do.
  public static func < (left: TokenRole, right: TokenRole) -> Bool { left.rank < right.rank }

  private var rank: Int { TokenRole.allCases.firstIndex(of: self) ?? 0 }
}

/// What is kept of a token: never the token itself.
public struct APIToken: Sendable {
  /// Stands in the log as the principal `token:NAME`.
  public let name: String
  /// What it may do.
  public let role: TokenRole
  /// Who made it.
  public let createdBy: String
  /// When it was made.
  public let createdAt: Timestamp
  /// From when on it is no longer good; nil: for ever.
  public let expiresAt: Timestamp?
  /// When it was revoked; nil while it is good.
  public let revokedAt: Timestamp?
  /// When it was last used, to the minute.
  public let usedAt: Timestamp?
}

/// Who calls: a token that is good.
struct Caller: Sendable {
  let name: String
  let role: TokenRole

  /// As events name it.
  var principal: String { "token:\(name)" }
}
