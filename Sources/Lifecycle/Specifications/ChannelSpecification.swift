/// A place where messages go.
public struct ChannelSpecification: Hashable, Sendable {
  /// The systems that take messages.
  public enum Kind: Hashable, Sendable {
    /// A Slack bot: its token, the channel (`#name` or id), and the base of the Web API where it is not Slack's own.
    case slack(token: CredentialReference, channel: String, api: String?)
    /// A Slack incoming webhook, whose URL is itself the secret.
    case slackWebhook(url: CredentialReference)
    /// A POST of JSON to a URL, signed with HMAC-SHA256 when there is a secret. The URL may be a reference (`env:…`, `file:…`) where it is itself a secret.
    case http(url: String, secret: CredentialReference?)
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
  private enum Key: String, CodingKey { case name, slack, webhook, http }
  private struct Slack: Codable { var token: CredentialReference, channel: String, api: String? }
  private struct Webhook: Codable { var url: CredentialReference }
  private struct HTTP: Codable { var url: String, secret: CredentialReference? }

  /// Reads `name` and one of `slack`, `webhook` and `http`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    name = try container.decode(String.self, forKey: .name)
    if let slack = try container.decodeIfPresent(Slack.self, forKey: .slack) {
      kind = .slack(token: slack.token, channel: slack.channel, api: slack.api)
    } else if let webhook = try container.decodeIfPresent(Webhook.self, forKey: .webhook) {
      kind = .slackWebhook(url: webhook.url)
    } else {
      let http = try container.decode(HTTP.self, forKey: .http)
      kind = .http(url: http.url, secret: http.secret)
    }
  }

  /// Writes references to secrets, never secrets.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    switch kind {
    case .slack(let token, let channel, let api): try container.encode(Slack(token: token, channel: channel, api: api), forKey: .slack)
    case .slackWebhook(let url): try container.encode(Webhook(url: url), forKey: .webhook)
    case .http(let url, let secret): try container.encode(HTTP(url: url, secret: secret), forKey: .http)
    }
  }
}
