/// What SURFACE.md names and what of it this version can do. A thing that moves from one list to the other needs its reader, and nothing else.
enum Supported {
  /// Presets and tests that a monitor may name.
  static let tests = ["auto", "ks", "chi_squared", "psi"]

  static let testsLater = [
    "evidently", "wasserstein", "energy", "cramer_von_mises", "anderson_darling", "mann_whitney", "epps_singleton", "t", "welch", "levene", "z",
    "fisher", "g",
    "kl", "jensen_shannon", "hellinger", "total_variation", "l_infinity", "mmd", "domain_classifier", "pca_reconstruction", "chi_squared_permutation",
  ]

  static let baselinesLater = ["sql", "version"]
  static let windowsLater = ["sql", "predictions"]
  static let trainersLater = ["airflow", "kubeflow", "prefect", "github_actions", "kubernetes", "sagemaker", "http"]
  static let targetsLater = ["haproxy", "kserve", "sagemaker", "vertex", "azureml", "mlflow", "command", "http"]
  static let channelsLater = ["email", "alertmanager", "pagerduty", "teams", "azure_monitor"]
  static let conditionsLater = ["all", "any", "change", "seasonal", "trend", "no_data"]
}
