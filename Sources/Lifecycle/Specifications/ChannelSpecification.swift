internal import Values

/// A place where messages go.
public struct ChannelSpecification: Hashable, Sendable {
  /// The systems that take messages.
  public enum Kind: Hashable, Sendable {
    /// A Slack bot: its token, the channel (`#name` or id), and the base of the Web API where it is not Slack's own.
    case slack(token: CredentialReference, channel: String, api: String?)
    /// A Slack incoming webhook, whose URL is itself the secret.
    case slackWebhook(url: CredentialReference)
    /// A POST of JSON to a URL, signed with HMAC-SHA256 when there is a secret. The URL may be a reference (`env:…`, `file:…`) where it is itself a secret.
    case http(url: String, secret: CredentialReference?, template: HTTPTemplate? = nil)
    /// Mail by SMTP.
    case email(EmailSettings)
    /// A Prometheus Alertmanager.
    case alertmanager(AlertmanagerSettings)
    /// PagerDuty's Events API: the routing key of a service, and the base of the API where it is not `https://events.pagerduty.com`.
    case pagerduty(routingKey: CredentialReference, api: String?)
    /// A workflow of Microsoft Teams, whose URL is itself the secret.
    case teams(url: CredentialReference)
    /// Custom metrics and logs of Azure Monitor.
    case azureMonitor(AzureMonitorSettings)

    /// Whether it is worth a message that somebody looks after an alert: where it stops others from being called, or lands in a thread.
    public var takesAcknowledgements: Bool {
      switch self {
      case .pagerduty, .slack: true
      case .slackWebhook, .http, .email, .alertmanager, .teams, .azureMonitor: false
      }
    }

    /// Whether people read each message, rather than a machine that keeps account of alerts.
    var isReadByPeople: Bool {
      switch self {
      case .slack, .slackWebhook, .email, .teams: true
      case .http, .alertmanager, .pagerduty, .azureMonitor: false
      }
    }
  }

  /// Unique among channels.
  public var name: String
  /// The system, and how it is reached.
  public var kind: Kind

  /// Takes the values as they are; nothing is checked.
  public init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }
}

extension ChannelSpecification: Codable {
  private enum Key: String, CodingKey { case name, slack, webhook, http, email, alertmanager, pagerduty, teams, azureMonitor }
  private struct Slack: Codable { var token: CredentialReference, channel: String, api: String? }
  private struct Webhook: Codable { var url: CredentialReference }
  private struct HTTP: Codable { var url: String, secret: CredentialReference?, body: JSON?, headers: [String: CredentialReference]? }
  private struct PagerDuty: Codable { var routingKey: CredentialReference, api: String? }

  /// Reads `name` and one of the kinds under its own key.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    name = try container.decode(String.self, forKey: .name)
    if let slack = try container.decodeIfPresent(Slack.self, forKey: .slack) {
      kind = .slack(token: slack.token, channel: slack.channel, api: slack.api)
    } else if let webhook = try container.decodeIfPresent(Webhook.self, forKey: .webhook) {
      kind = .slackWebhook(url: webhook.url)
    } else if let email = try container.decodeIfPresent(EmailSettings.self, forKey: .email) {
      kind = .email(email)
    } else if let alertmanager = try container.decodeIfPresent(AlertmanagerSettings.self, forKey: .alertmanager) {
      kind = .alertmanager(alertmanager)
    } else if let pagerduty = try container.decodeIfPresent(PagerDuty.self, forKey: .pagerduty) {
      kind = .pagerduty(routingKey: pagerduty.routingKey, api: pagerduty.api)
    } else if let teams = try container.decodeIfPresent(Webhook.self, forKey: .teams) {
      kind = .teams(url: teams.url)
    } else if let azure = try container.decodeIfPresent(AzureMonitorSettings.self, forKey: .azureMonitor) {
      kind = .azureMonitor(azure)
    } else {
      let http = try container.decode(HTTP.self, forKey: .http)
      let template = HTTPTemplate(body: http.body, headers: http.headers)
      kind = .http(url: http.url, secret: http.secret, template: template == HTTPTemplate() ? nil : template)
    }
  }

  /// Writes references to secrets, never secrets.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    switch kind {
    case .slack(let token, let channel, let api): try container.encode(Slack(token: token, channel: channel, api: api), forKey: .slack)
    case .slackWebhook(let url): try container.encode(Webhook(url: url), forKey: .webhook)
    case .http(let url, let secret, let template):
      try container.encode(HTTP(url: url, secret: secret, body: template?.body, headers: template?.headers), forKey: .http)
    case .email(let email): try container.encode(email, forKey: .email)
    case .alertmanager(let alertmanager): try container.encode(alertmanager, forKey: .alertmanager)
    case .pagerduty(let key, let api): try container.encode(PagerDuty(routingKey: key, api: api), forKey: .pagerduty)
    case .teams(let url): try container.encode(Webhook(url: url), forKey: .teams)
    case .azureMonitor(let azure): try container.encode(azure, forKey: .azureMonitor)
    }
  }
}
