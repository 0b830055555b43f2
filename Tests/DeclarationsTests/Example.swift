import Declarations
import Lifecycle

/// The declarations of SURFACE.md, as far as this version goes.
let example = """
  kind: Model
  name: breast-cancer
  task: classification            # or regression
  tags: {team: oncology, cost_center: 12}
  ---
  kind: Pool
  name: default
  slots: 2
  ---
  kind: Monitor
  name: breast-cancer-live
  model: breast-cancer
  baseline: {file: reference.csv}
  window:
    files: "incoming/*.csv"
    labels: {files: "labels/*.csv"}
    every: 1h
    minimum_rows: 100
  columns: {id: id, version: version, time: at, prediction: predicted, probability: score, label: diagnosis, group: site, exclude: []}
  tests: {default: auto, drift_share: 0.5, correction: benjamini-hochberg, columns: {"mean radius": {test: psi, threshold: 0.2}}}
  ---
  kind: AlertRule
  name: inputs-drifted
  monitor: breast-cancer-live
  when: {metric: drift.share, at_least: 0.2}
  for: 2
  resolve_after: 2
  cooldown: 6h
  severity: warning
  notify: [ml-slack]
  ---
  kind: Pipeline
  name: breast-cancer-retrain
  model: breast-cancer
  trigger:
    - alert: inputs-drifted
    - alerts: {rule: inputs-drifted, count: 3, within: 7d}
    - schedule: {cron: "0 2 * * *", time_zone: Europe/Berlin}
  train: {command: [python3, train.py, --trees, 300], directory: ., timeout: 30m, retries: 2, pool: default}
  evaluate:
    command: [python3, evaluate.py]
    gate:
      - {metric: accuracy, above: 0.90}
      - {metric: accuracy, not_worse_than_champion_by: 0.01}
      - {metric: demographic_parity_difference, group: site, at_most: 0.1}
  deploy: breast-cancer-prod
  parameters: {trees: 300, leaf_size: null, nested: {maxDepth: [1, 2.5, "3", yes]}}
  ---
  kind: Endpoint
  name: breast-cancer-prod
  model: breast-cancer
  target: {local: {directory: live, health: "http://127.0.0.1:8080/healthz"}}
  rollout:
    approvals: 1
    stages: [{shadow: true, hold: 5m}, {traffic: 5, hold: 10m}, {traffic: 50, hold: 10m, require_conclusive: true}, {traffic: 100}]
  rollback:
    - {metric: accuracy, below_champion_by: 0.05, for: 2}
  ---
  kind: Channel
  name: ml-slack
  slack: {token: env:SLACK_API_TOKEN, channel: "#model-monitoring"}
  """

func parse(_ text: String) throws -> [Declaration] {
  try DeclarationFile.parse(text: text, file: "kedge.yaml", directory: "/srv/example").map(\.value)
}

/// The lines that are printed for a text with mistakes.
func mistakes(_ text: String, declared: [Declaration]? = nil) -> [String] {
  do {
    let found = try DeclarationFile.parse(text: text, file: "k.yaml", directory: "/srv")
    if let declared { try DeclarationFile.check(found, declared: declared) }
    return []
  } catch let errors as DeclarationErrors {
    return errors.errors.map(\.description)
  } catch {
    return ["\(error)"]
  }
}
