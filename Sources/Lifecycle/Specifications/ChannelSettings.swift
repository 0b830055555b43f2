public import Values

/// How mail is sent. Addresses are ASCII and hold neither spaces nor angle brackets.
public struct EmailSettings: Hashable, Codable, Sendable {
  /// `smtp://HOST[:PORT]`, or `smtps://HOST[:PORT]` for TLS from the first byte.
  public var server: String
  /// Who signs in; nil: nobody does.
  public var user: String?
  /// Of the user; there with it or not at all.
  public var password: CredentialReference?
  /// Whether `smtp://` must become TLS by STARTTLS before anything is said; nil means yes.
  public var starttls: Bool?
  /// Absolute path of certificates (PEM) to trust instead of the system's.
  public var certificateAuthority: String?
  /// `kedge@example.com`, or `Kedge <kedge@example.com>`.
  public var from: String
  /// Addresses, at least one.
  public var to: [String]

  /// Takes the values as they are; nothing is checked.
  public init(
    server: String, user: String? = nil, password: CredentialReference? = nil, starttls: Bool? = nil, certificateAuthority: String? = nil, from: String,
    to: [String]
  ) {
    self.server = server
    self.user = user
    self.password = password
    self.starttls = starttls
    self.certificateAuthority = certificateAuthority
    self.from = from
    self.to = to
  }
}

/// Where an Alertmanager is.
public struct AlertmanagerSettings: Hashable, Codable, Sendable {
  /// Without `/api/v2/alerts`.
  public var url: String
  /// A bearer token, for one behind a proxy.
  public var token: CredentialReference?
  /// Labels besides those that name the alert, for its routes.
  public var labels: [String: String]?
  /// How often what fires is sent again; nil means every minute. Four times as long without, and Alertmanager takes the alert for over.
  public var every: Span?

  /// Takes the values as they are; nothing is checked.
  public init(url: String, token: CredentialReference? = nil, labels: [String: String]? = nil, every: Span? = nil) {
    self.url = url
    self.token = token
    self.labels = labels
    self.every = every
  }

  /// How often what fires is sent again.
  public var resend: Span { every ?? .minutes(1) }
}

/// Where Azure Monitor takes metrics and logs, and as whom Kedge signs in.
public struct AzureMonitorSettings: Hashable, Codable, Sendable {
  /// A resource whose custom metrics are written.
  public struct Metrics: Hashable, Codable, Sendable {
    /// The resource's region, e.g. `westeurope`.
    public var region: String
    /// `/subscriptions/…`.
    public var resource: String
    /// Nil means `Kedge`.
    public var namespace: String?
    /// Where the region's endpoint is, where it is not Azure's own.
    public var api: String?

    /// Takes the values as they are; nothing is checked.
    public init(region: String, resource: String, namespace: String? = nil, api: String? = nil) {
      self.region = region
      self.resource = resource
      self.namespace = namespace
      self.api = api
    }
  }

  /// A stream of a data collection rule.
  public struct Logs: Hashable, Codable, Sendable {
    /// The URL of the data collection endpoint.
    public var endpoint: String
    /// The rule's immutable id, `dcr-…`.
    public var rule: String
    /// `Custom-…`.
    public var stream: String

    /// Takes the values as they are; nothing is checked.
    public init(endpoint: String, rule: String, stream: String) {
      self.endpoint = endpoint
      self.rule = rule
      self.stream = stream
    }
  }

  /// The directory (tenant) of the application.
  public var tenant: String
  /// The application's (client) id.
  public var client: String
  /// Its secret.
  public var secret: CredentialReference
  /// Where tokens are given out, where it is not `https://login.microsoftonline.com`.
  public var login: String?
  /// Nil: no metrics are written.
  public var metrics: Metrics?
  /// Nil: no logs are written.
  public var logs: Logs?

  /// Takes the values as they are; nothing is checked.
  public init(tenant: String, client: String, secret: CredentialReference, login: String? = nil, metrics: Metrics? = nil, logs: Logs? = nil) {
    self.tenant = tenant
    self.client = client
    self.secret = secret
    self.login = login
    self.metrics = metrics
    self.logs = logs
  }
}

/// What is posted by an `http` channel, where it is not Kedge's own form.
public struct HTTPTemplate: Hashable, Codable, Sendable {
  /// The body. `{{word}}` inside a text stands for what the message says there; a text that is nothing else becomes that value with its own type.
  public var body: JSON?
  /// Headers whose values are secrets, by name.
  public var headers: [String: CredentialReference]?

  /// Takes the values as they are; nothing is checked.
  public init(body: JSON? = nil, headers: [String: CredentialReference]? = nil) {
    self.body = body
    self.headers = headers
  }

  /// What may stand between the braces.
  public static let words = [
    "id", "title", "severity", "state", "text", "fields", "link", "command", "occurred_at", "thread", "alert", "rule", "monitor", "endpoint", "model", "metric",
    "series", "condition", "value", "since_at",
  ]

  /// The words between braces in a text, in order; those that nobody knows too.
  public static func words(in text: String) -> [String] {
    text.split(separator: "{{", omittingEmptySubsequences: false).dropFirst().compactMap { piece in
      piece.firstRange(of: "}}").map { String(piece[..<$0.lowerBound]) }
    }
  }
}
