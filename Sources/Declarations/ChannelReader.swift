internal import HTTPTransport
internal import Lifecycle
internal import Values
internal import Yams

extension Fields {
  func channel() -> ChannelSpecification? {
    let name = resourceName("a channel")
    let choice = one(of: Supported.channels, "a kind of channel: \(Value.either(Supported.channels))")
    finish()
    guard let (kind, value) = choice else { return nil }
    let read: ChannelSpecification.Kind? =
      switch kind {
      case "slack": Fields(value, "e.g. {token: env:SLACK_API_TOKEN, channel: \"#alerts\"}").flatMap { $0.slack() }
      case "webhook": Fields(value, "e.g. {url: env:SLACK_WEBHOOK_URL}").flatMap { $0.secretURL("SLACK_WEBHOOK_URL") }.map { .slackWebhook(url: $0) }
      case "teams": Fields(value, "e.g. {url: env:TEAMS_WORKFLOW_URL}").flatMap { $0.secretURL("TEAMS_WORKFLOW_URL") }.map { .teams(url: $0) }
      case "email": Fields(value, "e.g. {server: \"smtp://mail.example.com:587\", from: …, to: […]}").flatMap { $0.email() }.map { .email($0) }
      case "alertmanager": Fields(value, "e.g. {url: \"http://127.0.0.1:9093\"}").flatMap { $0.alertmanager() }.map { .alertmanager($0) }
      case "pagerduty": Fields(value, "e.g. {routing_key: env:PAGERDUTY_ROUTING_KEY}").flatMap { $0.pagerduty() }
      case "azure_monitor":
        Fields(value, "e.g. {tenant: …, client: …, secret: env:AZURE_CLIENT_SECRET, logs: …}").flatMap { $0.azureMonitor() }.map { .azureMonitor($0) }
      default: Fields(value, "e.g. {url: \"https://example.com/hook\", secret: env:HOOK_SECRET}").flatMap { $0.hook() }
      }
    guard let name, let read else { return nil }
    return ChannelSpecification(name: name, kind: read)
  }

  private func slack() -> ChannelSpecification.Kind? {
    let token = required("token", "a reference to the bot's token, e.g. env:SLACK_API_TOKEN")?.credential()
    let channel = required("channel", "the channel, e.g. \"#alerts\"")?.text("the channel, in quotes, e.g. \"#alerts\"")
    let api = optional("api") { $0.baseURL() }
    finish()
    guard let token, let channel else { return nil }
    return .slack(token: token, channel: channel, api: api)
  }

  /// `{url: env:…}`, for a URL that is itself the secret.
  private func secretURL(_ example: String) -> CredentialReference? {
    let url = required("url", "a reference to the webhook's URL, e.g. env:\(example)")?.credential()
    finish()
    return url
  }

  private func email() -> EmailSettings? {
    let server = required("server", "the mail server, e.g. \"smtp://mail.example.com:587\"")?.mailServer()
    let user = optional("user") { $0.text("the user's name") }
    let password = optional("password") { $0.credential() }
    let starttls = optional("starttls") { $0.bool() }
    let authority = optional("certificate_authority") { $0.path("a file of certificates (PEM)") }
    let from = required("from", "the sender, e.g. \"Kedge <kedge@example.com>\"")?.mailbox()
    let to = required("to", "the recipients, e.g. [on-call@example.com]")?.recipients()
    finish()
    let (hasUser, hasPassword) = (value("user") != nil, value("password") != nil)
    guard hasUser == hasPassword else {
      let missing = hasUser ? "password" : "user"
      context.report(position, path(of: missing), found: "no such key", expected: "\(missing) too: one signs in with both or not at all")
      return nil
    }
    if starttls == false, user != nil, let server, server.hasPrefix("smtp://"), !EmailSettings.isLoopback(server) {
      context.report(
        position(ofKey: "starttls"), path(of: "starttls"), found: "false beside a password",
        expected: "true, or a server that begins with smtps://: the password would be there to read on the way")
      return nil
    }
    guard let server, let from, let to else { return nil }
    return EmailSettings(
      server: server, user: user, password: password, starttls: starttls, certificateAuthority: authority, from: from, to: to)
  }

  private func alertmanager() -> AlertmanagerSettings? {
    let url = required("url", "where Alertmanager is, e.g. \"http://127.0.0.1:9093\"")?.baseURL()
    let token = optional("token") { $0.credential() }
    let labels = optional("labels") { $0.labels() }
    let every = optional("every") { $0.span(positive: .positive) }
    finish()
    return url.map { AlertmanagerSettings(url: $0, token: token, labels: labels, every: every) }
  }

  private func pagerduty() -> ChannelSpecification.Kind? {
    let key = required("routing_key", "a reference to the service's routing key, e.g. env:PAGERDUTY_ROUTING_KEY")?.credential()
    let api = optional("api") { $0.baseURL() }
    finish()
    return key.map { .pagerduty(routingKey: $0, api: api) }
  }

  private func azureMonitor() -> AzureMonitorSettings? {
    let tenant = required("tenant", "the directory's id")?.urlPart("the directory's id")
    let client = required("client", "the application's id")?.text("the application's id")
    let secret = required("secret", "a reference to the application's secret, e.g. env:AZURE_CLIENT_SECRET")?.credential()
    let login = optional("login") { $0.baseURL() }
    let metrics = optional("metrics") { value in Fields(value, "e.g. {region: westeurope, resource: /subscriptions/…}").flatMap { $0.azureMetrics() } }
    let logs = optional("logs") { value in Fields(value, "e.g. {endpoint: https://…, rule: dcr-…, stream: Custom-Kedge_CL}").flatMap { $0.azureLogs() } }
    finish()
    if value("metrics") == nil, value("logs") == nil {
      context.report(position, path, found: "neither metrics nor logs", expected: "one of them, or both")
      return nil
    }
    guard let tenant, let client, let secret else { return nil }
    return AzureMonitorSettings(tenant: tenant, client: client, secret: secret, login: login, metrics: metrics, logs: logs)
  }

  private func azureMetrics() -> AzureMonitorSettings.Metrics? {
    let region = required("region", "the resource's region, e.g. westeurope")?.urlPart("the resource's region, e.g. westeurope")
    let resource = required("resource", "the resource's id, /subscriptions/…")?.azureResource()
    let namespace = optional("namespace") { $0.text("the metrics' namespace") }
    let api = optional("api") { $0.baseURL() }
    finish()
    guard let region, let resource else { return nil }
    return AzureMonitorSettings.Metrics(region: region, resource: resource, namespace: namespace, api: api)
  }

  private func azureLogs() -> AzureMonitorSettings.Logs? {
    let endpoint = required("endpoint", "the URL of the data collection endpoint")?.baseURL()
    let rule = required("rule", "the rule's immutable id, dcr-…")?.urlPart("the rule's immutable id, dcr-…")
    let stream = required("stream", "the stream, e.g. Custom-Kedge_CL")?.urlPart("the stream, e.g. Custom-Kedge_CL")
    finish()
    guard let endpoint, let rule, let stream else { return nil }
    return AzureMonitorSettings.Logs(endpoint: endpoint, rule: rule, stream: stream)
  }

  private func hook() -> ChannelSpecification.Kind? {
    let url = required("url", "the URL to which messages are posted")?.urlOrReference()
    let secret = optional("secret") { $0.credential() }
    let headers = optional("headers") { $0.secretHeaders() }
    let body = optional("body") { $0.template() }
    finish()
    let template = HTTPTemplate(body: body, headers: headers)
    return url.map { .http(url: $0, secret: secret, template: template == HTTPTemplate() ? nil : template) }
  }
}

extension EmailSettings {
  /// Whether the server is on this machine, so that nobody listens on the way.
  static func isLoopback(_ server: String) -> Bool {
    let host = server.drop { $0 != "/" }.drop { $0 == "/" }
    return host.hasPrefix("127.") || host.hasPrefix("localhost:") || host == "localhost" || host.hasPrefix("[::1]")
  }
}

extension Value {
  /// A URL, or a reference to one that is itself a secret.
  fileprivate func urlOrReference() -> String? {
    guard let text = node.scalar?.string, text.hasPrefix("env:") || text.hasPrefix("file:") else { return url() }
    return credential()?.text
  }

  /// A URL to which paths are added, without a slash at its end.
  fileprivate func baseURL() -> String? {
    url().flatMap { url in
      guard !url.contains("?"), !url.contains("#") else { return refuse("a URL without query and fragment: paths are added to it") }
      return String(url.reversed().drop { $0 == "/" }.reversed())
    }
  }

  /// `smtp://HOST[:PORT]` or `smtps://HOST[:PORT]`.
  fileprivate func mailServer() -> String? {
    let expected = "smtp://HOST:PORT, or smtps://HOST:PORT for TLS from the first byte"
    guard let text = text(expected) else { return nil }
    let scheme = text.prefix { $0 != ":" }
    let rest = text.dropFirst(scheme.count + 3)
    guard scheme == "smtp" || scheme == "smtps", text.dropFirst(scheme.count).hasPrefix("://"), !rest.isEmpty,
      !rest.contains("@")
    else { return rest.contains("@") ? refuse(expected + ", without user and password", found: "a server with credentials") : refuse(expected) }
    guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2f && $0 != 0x3f && $0 != 0x23 }) else { return refuse(expected) }
    return text
  }

  /// `address` or `Name <address>`.
  fileprivate func mailbox() -> String? {
    let expected = "an address such as kedge@example.com, or \"Kedge <kedge@example.com>\""
    guard let text = text(expected) else { return nil }
    let address: Substring
    if text.hasSuffix(">"), let open = text.lastIndex(of: "<") {
      address = text[text.index(after: open)...].dropLast()
    } else {
      address = text[...]
    }
    guard MailSubmission.isAddress(String(address)), text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      return refuse(expected)
    }
    return text
  }

  fileprivate func recipients() -> [String]? {
    let expected = "an address such as on-call@example.com"
    let found = list("a list of addresses, e.g. [on-call@example.com]") { value -> String? in
      guard let text = value.text(expected) else { return nil }
      return MailSubmission.isAddress(text) ? text : value.refuse(expected)
    }
    return found?.isEmpty == true ? refuse("at least one address", found: "an empty list") : found
  }

  /// Labels as Prometheus has them, besides those that Kedge sets itself.
  fileprivate func labels() -> [String: String]? {
    let own = ["alertname", "alert", "severity", "monitor", "endpoint", "model", "series"]
    guard let members = members("labels and their values") else { return nil }
    var labels: [String: String] = [:]
    for (key, value) in members {
      let isName = key.wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) != nil && !key.hasPrefix("__")
      guard isName, !own.contains(key) else {
        return value.refuse(
          own.contains(key) ? "another label: Kedge sets \(Value.either(own)) itself" : "a label of letters, digits and underscores, no digit first",
          found: "the label \(DocumentContext.quote(key))")
      }
      guard let text = value.anyText("the label's value") else { return nil }
      labels[key] = text
    }
    return labels
  }

  /// Headers whose values are secrets.
  fileprivate func secretHeaders() -> [String: CredentialReference]? {
    guard let members = members("headers and references to their values, e.g. {X-Api-Key: env:KEY}") else { return nil }
    var headers: [String: CredentialReference] = [:]
    for (key, value) in members {
      let reserved = ["content-type", "content-length", "host", "idempotency-key", "x-kedge-timestamp", "x-kedge-signature"]
      guard key.wholeMatch(of: /[A-Za-z0-9!#$%&'*+.^_`|~-]+/) != nil, !reserved.contains(key.lowercased()) else {
        return value.refuse("a header that Kedge does not set itself", found: "the header \(DocumentContext.quote(key))")
      }
      guard let reference = value.credential() else { return nil }
      headers[key] = reference
    }
    return headers
  }

  /// What is posted; each word between braces is one that a message has.
  fileprivate func template() -> JSON? {
    guard check(template: node, at: self) else { return nil }
    return json()
  }

  private func check(template node: Node, at value: Value) -> Bool {
    switch node {
    case .scalar(let scalar):
      for word in HTTPTemplate.words(in: scalar.string) where !HTTPTemplate.words.contains(word) {
        let _: Void? = value.refuse(
          "\(Value.either(HTTPTemplate.words)) between the braces", found: "{{\(word.prefix(40))}}",
          suggestion: Suggestion.nearest(to: word, among: HTTPTemplate.words))
        return false
      }
      return true
    case .sequence: return (value.list("a list") ?? []).allSatisfy { check(template: $0.node, at: $0) }
    case .mapping: return (value.members("keys and values") ?? []).allSatisfy { check(template: $0.value.node, at: $0.value) }
    case .alias: return true
    }
  }

  /// Text that stands between two slashes of a URL.
  fileprivate func urlPart(_ expected: String) -> String? {
    guard let text = text(expected) else { return nil }
    return text.wholeMatch(of: /[A-Za-z0-9._~-]+/) != nil ? text : refuse(expected)
  }

  fileprivate func azureResource() -> String? {
    let expected = "the resource's id, /subscriptions/…"
    guard let text = text(expected) else { return nil }
    return text.wholeMatch(of: /\/subscriptions\/[A-Za-z0-9._~()\/-]+/) != nil ? text : refuse(expected)
  }
}
