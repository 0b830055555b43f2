internal import ArgumentParser
internal import Declarations
internal import Embedded
internal import EventLog
internal import Foundation
internal import Lifecycle
internal import Migrations
internal import PostgreSQL
internal import Profiles
internal import Projections

/// What an error means to whoever typed the command.
struct ErrorReport: Equatable {
  let status: ExitStatus
  let message: String?

  init(_ error: any Error) {
    switch error {
    case let complaint as Complaint: (status, message) = (complaint.status, complaint.message)
    case let refusal as Refusal:
      message = refusal.description
      switch refusal {
      case .notAllowed: status = .notAllowed
      case .unknown: status = .notFound
      case .conflict: status = .conflict
      case .invalid: status = .badUsage
      }
    case let errors as DeclarationErrors: (status, message) = (.badUsage, "\(errors)")
    case is VersionConflict: (status, message) = (.conflict, "\(error)")
    case is IdempotencyConflict: (status, message) = (.conflict, "\(error)")
    case is ReplayError: (status, message) = (.conflict, "\(error)")
    case let error as PostgresError: (status, message) = ErrorReport.of(error)
    case let error as EmbeddedError: (status, message) = (error.isBadInput ? .badUsage : .failed, "\(error)")
    case let error as MigrationError: (status, message) = (.failed, "\(error)")
    case let error as LineFileError: (status, message) = (.badUsage, "\(error)")
    case let error as TableError: (status, message) = (.badUsage, "\(error)")
    case let lost as ConnectionLost where lost.outcome == .unknown:
      (status, message) = (.failed, "\(lost); look before you try again, or try again with the same --idempotency-key")
    case let lost as ConnectionLost:
      (status, message) = (.failed, "the database cannot be reached: \(lost.reason); is it running, and is the URL right? `kedge doctor` checks")
    case is CancellationError: (status, message) = (.failed, "interrupted")
    case let error as CocoaError: (status, message) = (.failed, error.localizedDescription)
    default: (status, message) = (.failed, "\(error)")
    }
  }

  private static func of(_ error: PostgresError) -> (ExitStatus, String) {
    switch error.sqlState {
    case .insufficientPrivilege: (.notAllowed, "this database role may not do that: \(error.message); connect as one that may")
    case .undefinedTable, .undefinedFunction, "3F000":
      (.failed, "the database is not at this version of Kedge: \(error.message); run `kedge migrate`")
    case .invalidPassword, .invalidAuthorization: (.notAllowed, "the database did not let you in: \(error.message)")
    default: (.failed, "the database refused: \(error)")
    }
  }
}
