internal import Foundation
internal import PostgreSQL

/// How programs talk to the database, beside its URL: what a pooler between them and PostgreSQL cannot do is switched off by the environment.
enum ConnectionSettings {
  /// The defaults, less what `KEDGE_PREPARED_STATEMENTS=off` and `KEDGE_LISTEN=off` switch off.
  static func options(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(Complaint) -> PostgresOptions {
    var options = PostgresOptions()
    options.preparedStatements = try isOn("KEDGE_PREPARED_STATEMENTS", environment)
    options.listening = try isOn("KEDGE_LISTEN", environment)
    return options
  }

  private static func isOn(_ name: String, _ environment: [String: String]) throws(Complaint) -> Bool {
    switch environment[name] ?? "" {
    case "", "on": true
    case "off": false
    case let other: throw Complaint(.badUsage, "\(name)=\(other): expected on or off")
    }
  }
}
