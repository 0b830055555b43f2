import Declarations
import Lifecycle
import Testing

/// What people read when a file is wrong, word for word.
struct MistakeTests {
  static let presets = "auto, evidently"
  static let tests =
    "ks, wasserstein, energy, cramer_von_mises, anderson_darling, mann_whitney, epps_singleton, t, welch, levene, chi_squared, chi_squared_permutation, z, fisher, g, "
    + "psi, kl, jensen_shannon, hellinger, total_variation, l_infinity, domain_classifier, mmd, pca_reconstruction or evidently/NAME"
  static let metrics =
    "a metric: drift.share, drift.columns, rows, lateness, mean_confidence, mean_entropy, mean_margin, low_confidence_share, accuracy, balanced_accuracy, precision, recall, "
    + "f1, roc_auc, pr_auc, log_loss, brier, expected_calibration_error, mae, rmse, mse, r2, mean_error, demographic_parity_difference, "
    + "demographic_parity_ratio, equalized_odds_difference, equalized_odds_ratio, silent_failure, concept_drift, estimated_NAME, estimated_NAME_error, "
    + "column.NAME.score, column.NAME.p_value, column.NAME.p_adjusted, column.NAME.statistic, column.NAME.effect, missing.NAME, version.NAME.METRIC, "
    + "segment.GROUP.METRIC, posted.NAME or kedge.METRIC"

  @Test func `all mistakes of a file are told, in order, with what was probably meant`() {
    let text = """
      kind: Monitor
      name: Live
      modle: breast-cancer
      window:
        files: "incoming/*.csv"
        evry: 5 minutes
        minimum_rows: "many"
      tests: {default: kss, drift_share: 20}
      ---
      kind: AlertRule
      name: r
      monitor: live
      when: {metric: drift.shre, at_least: 0.2}
      severity: Warning
      for: 0
      ---
      kind: Alert
      name: x
      """
    #expect(
      mistakes(text) == [
        "k.yaml:1:1: model: found no such key; expected the name of the model that is watched",
        "k.yaml:2:7: name: found \"Live\"; expected the name of a monitor: \"L\" is not allowed; use lower-case letters, digits, -, _, . and / for folders",
        "k.yaml:3:1: modle: found an unknown key; expected kind, name, model, baseline, window, columns or tests; did you mean \"model\"?",
        "k.yaml:6:3: window.evry: found an unknown key; expected files, sql, predictions, measurements, labels, every or minimum_rows; did you mean \"every\"?",
        "k.yaml:7:17: window.minimum_rows: found \"many\"; expected a whole number from 1",
        "k.yaml:8:18: tests.default: found \"kss\"; expected \(Self.presets), \(Self.tests); did you mean \"ks\"?",
        "k.yaml:8:36: tests.drift_share: found 20; expected a share above 0 and at most 1",
        "k.yaml:13:16: when.metric: found \"drift.shre\"; expected \(Self.metrics); did you mean \"drift.share\"?",
        "k.yaml:14:11: severity: found \"Warning\"; expected info, warning or critical; did you mean \"warning\"?",
        "k.yaml:15:6: for: found 0; expected a number of windows in a row from 1, a span of time such as 30m, or windows such as \"3 of 5\"",
        "k.yaml:17:7: kind: found \"Alert\"; expected Model, Pool, Monitor, AlertRule, Pipeline, Endpoint or Channel",
      ])
  }

  @Test(arguments: [
    ("slots: 0", "k.yaml:3:8: slots: found 0; expected a whole number from 1"),
    ("slots: 1.5", "k.yaml:3:8: slots: found 1.5; expected a whole number from 1"),
    ("slots: \"2\"", "k.yaml:3:8: slots: found \"2\"; expected a whole number from 1"),
    ("slots:", "k.yaml:3:7: slots: found nothing; expected a whole number from 1"),
    ("slots: [1]", "k.yaml:3:8: slots: found a list; expected a whole number from 1"),
    ("slots: {a: 1}", "k.yaml:3:8: slots: found keys and values; expected a whole number from 1"),
    ("slots: 99999999999999999999", "k.yaml:3:8: slots: found 99999999999999999999; expected a whole number from 1"),
    ("", "k.yaml:1:1: slots: found no such key; expected how many runs may be under way at once"),
    ("slots: 1\n<<: {slots: 2}", "k.yaml:4:1: <<: found an unknown key; expected kind, name or slots"),
    ("slots: 1\n7: x", "k.yaml:4:1: 7: found an unknown key; expected kind, name or slots"),
  ])
  func `a pool's slots are a whole number`(line: String, expected: String) {
    #expect(mistakes("kind: Pool\nname: p\n\(line)\n") == [expected])
  }

  @Test(arguments: [
    (
      "sms: {to: x}",
      "k.yaml:1:1: found none of slack, webhook, email, alertmanager, pagerduty, teams, azure_monitor or http; expected a kind of channel: "
        + "slack, webhook, email, alertmanager, pagerduty, teams, azure_monitor or http"
    ),
    (
      "email: {server: mail.example.com, from: kedge@example.com, to: [a@example.com]}",
      "k.yaml:3:17: email.server: found \"mail.example.com\"; expected smtp://HOST:PORT, or smtps://HOST:PORT for TLS from the first byte"
    ),
    (
      "email: {server: \"smtp://me:secret@mail.example.com\", from: kedge@example.com, to: [a@example.com]}",
      "k.yaml:3:17: email.server: found a server with credentials; expected smtp://HOST:PORT, or smtps://HOST:PORT for TLS from the first byte, "
        + "without user and password"
    ),
    (
      "email: {server: \"smtp://mail.example.com\", from: kedge, to: [a@example.com]}",
      "k.yaml:3:50: email.from: found \"kedge\"; expected an address such as kedge@example.com, or \"Kedge <kedge@example.com>\""
    ),
    (
      "email: {server: \"smtp://mail.example.com\", from: kedge@example.com, to: [\"a@example.com\\r\\nRCPT TO:<b@example.com>\"]}",
      "k.yaml:3:74: email.to[0]: found \"a@example.com\u{FFFD}\u{FFFD}RCPT TO:<b@example.com>\"; expected an address such as on-call@example.com"
    ),
    ("email: {server: \"smtp://h\", from: a@b.c, to: []}", "k.yaml:3:46: email.to: found an empty list; expected at least one address"),
    (
      "email: {server: \"smtp://h\", user: kedge, from: a@b.c, to: [a@b.c]}",
      "k.yaml:3:8: email.password: found no such key; expected password too: one signs in with both or not at all"
    ),
    (
      "email: {server: \"smtp://h\", user: kedge, password: env:P, starttls: false, from: a@b.c, to: [a@b.c]}",
      "k.yaml:3:59: email.starttls: found false beside a password; expected true, or a server that begins with smtps://: the password would be there to read on the way"
    ),
    (
      "email: {server: \"smtp://h\", user: kedge, password: hunter2, from: a@b.c, to: [a@b.c]}",
      "k.yaml:3:52: email.password: found something else; expected a reference to a credential, env:NAME or file:PATH: what is declared is kept for good, "
        + "so no secret may stand here"
    ),
    (
      "alertmanager: {url: \"http://h:9093\", labels: {severity: x}}",
      "k.yaml:3:57: alertmanager.labels.severity: found the label \"severity\"; expected another label: Kedge sets alertname, alert, severity, monitor, "
        + "endpoint, model or series itself"
    ),
    (
      "alertmanager: {url: \"http://h:9093\", labels: {1st: x}}",
      "k.yaml:3:52: alertmanager.labels.1st: found the label \"1st\"; expected a label of letters, digits and underscores, no digit first"
    ),
    (
      "alertmanager: {url: \"http://h:9093?x=1\"}",
      "k.yaml:3:21: alertmanager.url: found \"http://h:9093?x=1\"; expected a URL without query and fragment: paths are added to it"
    ),
    (
      "alertmanager: {url: \"http://h\", every: 0s}",
      "k.yaml:3:40: alertmanager.every: found \"0s\"; expected a span of time such as 90s, 5m, 1h30m or 7d, longer than zero"
    ),
    (
      "pagerduty: {key: env:K}",
      "k.yaml:3:12: pagerduty.routing_key: found no such key; expected a reference to the service's routing key, e.g. env:PAGERDUTY_ROUTING_KEY"
    ),
    (
      "teams: {url: \"https://example.com/secret\"}",
      "k.yaml:3:14: teams.url: found something else; expected a reference to a credential, env:NAME or file:PATH: what is declared is kept for good, so no secret may stand here"
    ),
    ("azure_monitor: {tenant: t, client: c, secret: env:S}", "k.yaml:3:16: azure_monitor: found neither metrics nor logs; expected one of them, or both"),
    (
      "azure_monitor: {tenant: t/x, client: c, secret: env:S, logs: {endpoint: \"https://h\", rule: dcr-1, stream: S}}",
      "k.yaml:3:25: azure_monitor.tenant: found \"t/x\"; expected the directory's id"
    ),
    (
      "azure_monitor: {tenant: t, client: c, secret: env:S, metrics: {region: westeurope, resource: x}}",
      "k.yaml:3:94: azure_monitor.metrics.resource: found \"x\"; expected the resource's id, /subscriptions/…"
    ),
    (
      "http: {url: \"http://h\", headers: {Host: env:H}}",
      "k.yaml:3:41: http.headers.Host: found the header \"Host\"; expected a header that Kedge does not set itself"
    ),
  ])
  func `a channel's mistakes are said where they are`(channel: String, expected: String) {
    let lines = mistakes("kind: Channel\nname: c\n\(channel)")
    #expect(lines.contains(expected), "\(lines)")
    #expect(!"\(lines)".contains("hunter2") && !"\(lines)".contains("me:secret"))
  }

  @Test func `a template names what a message has`() throws {
    let lines = mistakes("kind: Channel\nname: c\nhttp:\n  url: http://h\n  body:\n    text: \"{{titel}} on {{monitor}}\"")
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("k.yaml:6:11: http.body.text: found {{titel}}; expected id, title, severity,") == true, "\(lines)")
    #expect(lines.first?.hasSuffix("did you mean \"title\"?") == true, "\(lines)")
  }

  @Test func `a channel's settings are keys and values`() {
    #expect(
      mistakes("kind: Channel\nname: c\nslack: 12") == [
        "k.yaml:3:8: slack: found 12; expected e.g. {token: env:SLACK_API_TOKEN, channel: \"#alerts\"}"
      ])
  }

  @Test func `a secret is refused and never repeated`() {
    let text = """
      kind: Channel
      name: c
      slack: {token: xoxb-123-secret, channel: "#a"}
      ---
      kind: Channel
      name: d
      webhook: {url: "https://hooks.slack.com/services/T0/B0/secret"}
      ---
      kind: Channel
      name: e
      http: {url: "https://user:secret@example.com/", secret: [secret]}
      """
    let lines = mistakes(text)
    #expect(lines.count == 4)
    #expect(lines.allSatisfy { !$0.contains("xoxb") && !$0.contains("hooks.slack") && !$0.contains("user:") })
    #expect(
      lines.first
        == "k.yaml:3:16: slack.token: found something else; expected a reference to a credential, env:NAME or file:PATH: what is declared is kept for good, so no secret may stand here"
    )
  }

  @Test(arguments: [
    (
      "kind: Endpoint\nname: e\nmodel: m\ntarget: {haproxy: {}}",
      "k.yaml:4:10: target.haproxy: found haproxy, which is not supported by this version; expected local"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nwindow: {predictions: false}",
      "k.yaml:4:23: window.predictions: found false; expected true: what is posted to /v1/predictions is measured"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nwindow: {predictions: true}\ncolumns: {id: row}",
      "k.yaml:5:1: columns.id: found \"row\"; expected id, as it is called in what is posted to /v1/predictions"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nwindow: {files: \"s3://bucket\"}",
      "k.yaml:4:17: window.files: found \"s3://bucket\"; expected s3://BUCKET/KEY, where the key may be a pattern"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nwindow: {files: \"https://host/in/*.csv\"}",
      "k.yaml:4:17: window.files: found \"https://host/in/*.csv\"; expected the URL of one file: only s3:// and paths may be patterns"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nbaseline: {file: \"https://u:p@host/in.csv\"}\nwindow: {files: x}",
      "k.yaml:4:18: baseline.file: found a URL with credentials; expected a URL without user and password: what is declared is kept for good"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nbaseline: {file: \"https://host/in.csv?X-Amz-Signature=5\"}\nwindow: {files: x}",
      "k.yaml:4:18: baseline.file: found a URL with the parameter x-amz-signature; expected a URL without secrets: what is declared is kept for good"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nbaseline: {file: \"gs://b/in.csv\"}\nwindow: {files: x}",
      "k.yaml:4:18: baseline.file: found a URL of another kind; expected the path of a data file, s3://BUCKET/KEY or https://HOST/PATH"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nwindow: {measurements: false}",
      "k.yaml:4:24: window.measurements: found false; expected true: others measure, and post it to /v1/measurements"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nbaseline: {version: Training Data}\nwindow: {files: x}",
      "k.yaml:4:21: baseline.version: found \"Training Data\"; expected a version such as breast-cancer/3, or an alias of the model such as champion"
    ),
    (
      "kind: Monitor\nname: m\nmodel: a\nbaseline: {version: b/2}\nwindow: {files: x}",
      "k.yaml:4:1: baseline.version: found \"b/2\"; expected a version or an alias of a"
    ),
    (
      "kind: AlertRule\nname: m\nmonitor: a\nwhen: {all: []}",
      "k.yaml:4:13: when.all: found an empty list; expected a list of conditions, at least one, that are not nested deeper than 5"
    ),
  ])
  func `what is not built yet is refused by name`(text: String, expected: String) {
    #expect(mistakes(text).contains(expected))
  }

  @Test func `a query of windows has both ends, one of a baseline none, and no connection string stands in a file`() {
    func lines(_ baseline: String, _ window: String, _ connection: String = "env:X") -> [String] {
      mistakes(
        "kind: Monitor\nname: m\nmodel: a\nbaseline: {sql: {connection: \(connection), query: \"\(baseline)\"}}\nwindow: {sql: {connection: env:X, query: \"\(window)\"}}"
      )
    }
    let (all, both) = ("select 1", "select 1 where now() >= :from and now() < :to")
    #expect(lines(all, both).isEmpty)
    #expect(lines(all, "select 1 where now() >= :from").first?.contains("expected one statement with the window's ends, … >= :from and … < :to") == true)
    #expect(lines(both, both).first?.contains("expected one statement that gives rows, without :from and :to") == true)
    #expect(lines("select 1; select 2", both).count == 1)
    #expect(lines(all, both, "postgresql://u:secret@h/d").first?.contains("secret@") == false)
  }

  @Test func `a test of Evidently is named as Evidently names it`() {
    let text =
      "kind: Monitor\nname: m\nmodel: a\nwindow: {files: x}\ntests: {default: evidently, columns: {a: {test: evidently/psi}, b: {test: evidently/ksi}, c: {test: auto}}}"
    let lines = mistakes(text)
    #expect(lines.count == 2)
    #expect(lines.first?.contains("tests.columns.b.test: found \"evidently/ksi\"; expected evidently/anderson, ") == true, "\(lines)")
    #expect(lines.last?.contains("tests.columns.c.test: found \"auto\"; expected ks, ") == true, "\(lines)")
  }

  @Test func `a trainer that is not built yet is refused by name`() {
    let text = """
      kind: Pipeline
      name: p
      model: m
      train: {airflow: {dag: x}, timeout: 0s}
      evaluate: {command: [], gate: [{metric: accuracy, not_worse_than_champion_by: 0.1}]}
      """
    #expect(
      mistakes(text) == [
        "k.yaml:4:9: train.airflow: found airflow, which is not supported by this version; expected command",
        "k.yaml:4:37: train.timeout: found \"0s\"; expected a span of time such as 90s, 5m, 1h30m or 7d, longer than zero",
        "k.yaml:5:21: evaluate.command: found an empty list; expected a list of a program and its arguments, e.g. [python3, train.py]",
        "k.yaml:5:31: evaluate.gate: found only conditions against the champion; expected at least one condition that needs no champion "
          + "(at_least, at_most, above, below), else a first version could never pass",
      ])
  }

  @Test(arguments: [
    (
      "{metric: accuracy}",
      "k.yaml:5:38: evaluate.gate[0]: found none of at_least, at_most, above, below or not_worse_than_champion_by; expected a bound: "
        + "at_least, at_most, above, below or not_worse_than_champion_by"
    ),
    (
      "{metric: accuracy, above: 0.9, below: 1}",
      "k.yaml:5:69: evaluate.gate[0].below: found below beside above; expected only one of "
        + "at_least, at_most, above, below or not_worse_than_champion_by"
    ),
    ("{metric: accuracy, atleast: 0.9}", "did you mean \"at_least\"?"),
    ("{metric: accuracy, above: .nan}", "k.yaml:5:64: evaluate.gate[0].above: found .nan; expected a number"),
    ("{metric: accuracy, above: 90%}", "k.yaml:5:64: evaluate.gate[0].above: found \"90%\"; expected a number"),
    (
      "{metric: accuracy, group: site, above: 0.9}",
      "k.yaml:5:64: evaluate.gate[0].group: found \"site\"; expected no group: accuracy does not compare groups"
    ),
    ("{metric: demographic_parity_ratio, above: 0.9}", "evaluate.gate[0].group: found no such key; expected the column of the groups"),
    ("{metric: drift.share, above: 0.9}", "evaluate.gate[0].metric: found \"drift.share\"; expected a metric: mean_confidence, mean_entropy"),
    ("{metric: accuracy, not_worse_than_champion_by: -0.1}", "evaluate.gate[0].not_worse_than_champion_by: found -0.1; expected a margin from 0"),
    (
      "{metric: mean_error, not_worse_than_champion_by: 1}",
      "evaluate.gate[0].metric: found \"mean_error\"; expected a metric of which more, or less, is better"
    ),
  ])
  func `a gate rule is checked`(rule: String, expected: String) {
    let text = "kind: Pipeline\nname: p\nmodel: m\ntrain: {command: [a]}\nevaluate: {command: [python], gate: [\(rule), {metric: f1, above: 0}]}"
    let lines = mistakes(text)
    #expect(lines.contains { $0.contains(expected) }, "\(lines)")
  }

  @Test(arguments: [
    ("[{traffic: 5}]", "k.yaml:5:19: rollout.stages: found other stages; expected stages that end with {traffic: 100}"),
    ("[]", "k.yaml:5:19: rollout.stages: found an empty list; expected stages that end with {traffic: 100}"),
    (
      "[{traffic: 50}, {traffic: 5}, {traffic: 100}]",
      "k.yaml:5:35: rollout.stages[1]: found traffic 5; expected more traffic than in the stage before (50)"
    ),
    (
      "[{traffic: 5}, {shadow: true}, {traffic: 100}]",
      "k.yaml:5:34: rollout.stages[1]: found a shadow stage after traffic; expected shadow stages before those with traffic"
    ),
    ("[{traffic: 0}, {traffic: 100}]", "k.yaml:5:30: rollout.stages[0].traffic: found 0; expected a whole share in percent from 1 to 100"),
    ("[{shadow: false}, {traffic: 100}]", "k.yaml:5:29: rollout.stages[0].shadow: found false; expected true, or traffic and a share in percent"),
    ("[{shadow: yes}, {traffic: 100}]", "k.yaml:5:29: rollout.stages[0].shadow: found \"yes\"; expected true or false"),
    ("[{traffic: 100, hold: 10}]", "k.yaml:5:41: rollout.stages[0].hold: found 10; expected a span of time such as 90s, 5m, 1h30m or 7d"),
  ])
  func `stages only ever give a version more`(stages: String, expected: String) {
    #expect(mistakes("kind: Endpoint\nname: e\nmodel: m\ntarget: {local: {directory: live}}\nrollout: {stages: \(stages)}") == [expected])
  }

  @Test func `a rollback rule looks the right way`() {
    let text = "kind: Endpoint\nname: e\nmodel: m\ntarget: {local: {directory: live}}\nrollback: [{metric: log_loss, below_champion_by: 1}]"
    #expect(
      mistakes(text) == [
        "k.yaml:5:50: rollback[0].below_champion_by: found below_champion_by; expected above_champion_by: less log_loss is better"
      ])
  }

  @Test(arguments: [
    ("{cron: \"0 25 * * *\"}", "hour: \"25\" found; expected 0-23, *, or a range, list or step of these"),
    ("{cron: \"0 2 * *\"}", "has 4 fields"),
    ("{cron: \"@daily\", time_zone: Europe/Berln}", "expected an IANA time zone, e.g. Europe/Berlin or UTC; did you mean \"Europe/Berlin\"?"),
    ("{cron: \"@daily\", time_zone: CET}", "expected an IANA time zone"),
    ("{cron: 5}", "found 5; expected a cron expression, e.g. \"0 2 * * *\", in quotes if it is meant as text"),
  ])
  func `a schedule is checked`(schedule: String, expected: String) {
    let text = """
      kind: Pipeline
      name: p
      model: m
      trigger: [{schedule: \(schedule)}]
      train: {command: [a]}
      evaluate: {command: [a], gate: [{metric: f1, above: 0}]}
      """
    let lines = mistakes(text)
    #expect(lines.count == 1 && lines[0].contains(expected) && lines[0].hasPrefix("k.yaml:4:"), "\(lines)")
  }

  @Test func `labels need the columns that join them`() {
    let text = "kind: Monitor\nname: m\nmodel: a\nwindow: {files: x, labels: {files: y}}\ncolumns: {id: i, time: i}"
    #expect(
      mistakes(text) == [
        "k.yaml:4:1: columns.label: found no such key; expected the column of the label, because window.labels joins labels by id",
        "k.yaml:5:24: columns.time: found \"i\"; expected another column than id's",
      ])
  }

  @Test func `long and strange texts are cut and cleaned`() {
    let lines = mistakes("kind: \"\\e[31m\(String(repeating: "x", count: 100))\"")
    #expect(lines.count == 1 && !lines[0].contains("\u{1B}") && lines[0].contains("xxx…\"; expected Model"))
  }
}
