internal import Lifecycle
internal import Profiles

/// What SURFACE.md names and what of it this version can do. A thing that moves from one list to the other needs its reader, and nothing else.
enum Supported {
  /// Tests of ours that a monitor may name, besides Evidently's under `evidently/NAME`.
  static let tests = DriftTest.Own.allCases.map(\.rawValue)

  /// Those of them that a single column can have.
  static let columnTests = tests.filter { $0 != DriftTest.Own.pcaReconstruction.rawValue }

  /// What chooses a test for each column.
  static let presets = ["auto", "evidently"]

  static let trainersLater = ["airflow", "kubeflow", "prefect", "github_actions", "kubernetes", "sagemaker", "http"]
  static let targetsLater = ["haproxy", "kserve", "sagemaker", "vertex", "azureml", "mlflow", "command", "http"]
  static let channels = ["slack", "webhook", "email", "alertmanager", "pagerduty", "teams", "azure_monitor", "http"]
}
