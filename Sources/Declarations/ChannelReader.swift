internal import Lifecycle
internal import Yams

extension Fields {
  func channel() -> ChannelSpecification? {
    let name = resourceName("a channel")
    let choice = one(of: ["slack", "webhook", "http"], unsupported: Supported.channelsLater, "a kind of channel: slack, webhook or http")
    finish()
    guard let (kind, value) = choice else { return nil }
    let read: ChannelSpecification.Kind?
    switch kind {
    case "slack": read = Fields(value, "e.g. {token: env:SLACK_API_TOKEN, channel: \"#alerts\"}").flatMap { $0.slack() }
    case "webhook":
      read = Fields(value, "e.g. {url: env:SLACK_WEBHOOK_URL}").flatMap { fields in
        let url = fields.required("url", "a reference to the webhook's URL, e.g. env:SLACK_WEBHOOK_URL")?.credential()
        fields.finish()
        return url.map { .slackWebhook(url: $0) }
      }
    default:
      read = Fields(value, "e.g. {url: \"https://example.com/hook\", secret: env:HOOK_SECRET}").flatMap { fields in
        let url = fields.required("url", "the URL to which messages are posted")?.urlOrReference()
        let secret = fields.optional("secret") { $0.credential() }
        fields.finish()
        return url.map { .http(url: $0, secret: secret) }
      }
    }
    guard let name, let read else { return nil }
    return ChannelSpecification(name: name, kind: read)
  }

  private func slack() -> ChannelSpecification.Kind? {
    let token = required("token", "a reference to the bot's token, e.g. env:SLACK_API_TOKEN")?.credential()
    let channel = required("channel", "the channel, e.g. \"#alerts\"")?.text("the channel, in quotes, e.g. \"#alerts\"")
    let api = optional("api") { $0.url() }
    finish()
    guard let token, let channel else { return nil }
    return .slack(token: token, channel: channel, api: api)
  }
}

extension Value {
  /// A URL, or a reference to one that is itself a secret.
  fileprivate func urlOrReference() -> String? {
    guard let text = node.scalar?.string, text.hasPrefix("env:") || text.hasPrefix("file:") else { return url() }
    return credential()?.text
  }
}
