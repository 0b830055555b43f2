internal import Lifecycle
internal import Profiles
internal import Statistics

extension Fields {
  func monitor() -> MonitorSpecification? {
    let name = resourceName("a monitor")
    let model = required("model", "the name of the model that is watched")?.name("a model")
    let baseline = optional("baseline") { value in Fields(value, "where the reference data is, e.g. {file: reference.csv}").flatMap { $0.baseline() }
    }
    let window = required("window", "where the windows come from, e.g. {files: \"incoming/*.csv\"}")
      .flatMap { Fields($0, "where the windows come from, e.g. {files: \"incoming/*.csv\"}") }.flatMap { $0.window() }
    var columns = optional("columns", default: MonitorColumns()) { value in Fields(value, "columns by the parts they play").map { $0.columns() } }
    let tests = optional("tests", default: MonitorTests()) { value in Fields(value, "tests, e.g. {default: auto}").map { $0.tests() } }
    finish()
    if let window, window.labels != nil, columns.id == nil || columns.label == nil {
      let missing = columns.id == nil ? "id" : "label"
      context.report(
        position(ofKey: "window"), "columns.\(missing)", found: "no such key",
        expected: "the column of the \(missing), because window.labels joins labels by id")
    }
    if window?.source == .predictions {
      for (part, declared, posted) in [("id", columns.id, "id"), ("time", columns.time, "at")] where declared != nil && declared != posted {
        context.report(
          position(ofKey: "columns"), "columns.\(part)", found: DocumentContext.quote(declared ?? ""),
          expected: "\(posted), as it is called in what is posted to /v1/predictions")
      }
      (columns.id, columns.time) = ("id", "at")
    }
    guard let name, let model, let window else { return nil }
    if case .version(let version)? = baseline, let version = VersionName(version), version.model != model {
      context.report(
        position(ofKey: "baseline"), "baseline.version", found: DocumentContext.quote("\(version)"), expected: "a version or an alias of \(model)")
    }
    return MonitorSpecification(name: name, model: model, baseline: baseline, window: window, columns: columns, tests: tests)
  }

  private func baseline() -> MonitorSpecification.Baseline? {
    let choice = one(of: ["file", "sql", "version"], "a baseline, e.g. {file: reference.csv}")
    finish()
    guard let choice else { return nil }
    switch choice.name {
    case "sql": return choice.value.query(ofWindow: false).map { .sql($0) }
    case "version": return choice.value.versionOrAlias().map { .version($0) }
    default: return choice.value.data("the path of a data file").map { .file($0) }
    }
  }

  private func window() -> MonitorWindow? {
    let choice = one(
      of: ["files", "sql", "predictions", "measurements"], "a source of windows, e.g. files: \"incoming/*.csv\"")
    let source: MonitorWindow.Source? = choice.flatMap { choice in
      if choice.name == "sql" { return choice.value.query(ofWindow: true).map { .sql($0) } }
      if choice.name == "predictions" {
        guard let isPosted = choice.value.bool() else { return nil }
        return isPosted ? .predictions : choice.value.refuse("true: what is posted to /v1/predictions is measured")
      }
      if choice.name == "measurements" {
        guard let isPosted = choice.value.bool() else { return nil }
        return isPosted ? .measurements : choice.value.refuse("true: others measure, and post it to /v1/measurements")
      }
      return choice.value.data("a pattern of paths, e.g. \"incoming/*.csv\"").map { .files($0) }
    }
    let labels: String? = optional("labels") { value in
      Fields(value, "where labels come from, e.g. {files: \"labels/*.csv\"}").flatMap { fields in
        let glob = fields.required("files", "a pattern of paths, e.g. \"labels/*.csv\"")?.data("a pattern of paths, e.g. \"labels/*.csv\"")
        fields.finish()
        return glob
      }
    }
    let every = optional("every", default: Span.hours(1)) { $0.span(positive: .positive) }
    let minimum = optional("minimum_rows", default: 100) { $0.integer(1...1_000_000_000, "a whole number from 1") }
    finish()
    return source.map { MonitorWindow(source: $0, labels: labels, every: every, minimumRows: minimum) }
  }

  private func columns() -> MonitorColumns {
    func column(_ name: String) -> String? { optional(name) { $0.text("the name of a column") } }
    let columns = MonitorColumns(
      id: column("id"), version: column("version"), time: column("time"), prediction: column("prediction"), probability: column("probability"),
      label: column("label"), group: column("group"),
      exclude: optional("exclude", default: []) { $0.list("a list of columns") { $0.text("the name of a column") } })
    finish()
    // One column may be both the group and an input, but two parts of one row need two columns.
    var parts: [String: String] = [:]
    for (part, name) in [
      ("id", columns.id), ("version", columns.version), ("time", columns.time), ("prediction", columns.prediction),
      ("probability", columns.probability),
      ("label", columns.label),
    ] {
      guard let name else { continue }
      if let other = parts.updateValue(part, forKey: name), let value = value(part) {
        let _: Void? = value.refuse("another column than \(other)'s")
      }
    }
    return columns
  }

  private func tests() -> MonitorTests {
    let tests = MonitorTests(
      default: optional("default", default: "auto") { $0.test(orOneOf: Supported.presets) },
      driftShare: optional("drift_share") { $0.number("a share above 0 and at most 1") { $0 > 0 && $0 <= 1 } },
      correction: optional("correction", default: .benjaminiHochberg) { $0.choice(MonitorTests.Correction.self) },
      columns: optional("columns", default: [:]) { value in
        value.members("columns and their tests, e.g. {age: {test: psi, threshold: 0.2}}").map { members in
          Dictionary(
            members.compactMap { name, value in
              Fields(value, "a test, e.g. {test: psi, threshold: 0.2}").flatMap { $0.columnTest() }.map { (name, $0) }
            }, uniquingKeysWith: { $1 })
        }
      })
    finish()
    return tests
  }

  private func columnTest() -> ColumnTest? {
    let test = required("test", "a test, e.g. ks")?.test()
    let threshold = optional("threshold") { $0.number("a number from 0") { $0 >= 0 } }
    finish()
    return test.map { ColumnTest(test: $0, threshold: threshold) }
  }
}

extension Value {
  /// A registered version, `MODEL/N`, or an alias of the model.
  fileprivate func versionOrAlias() -> String? {
    let expected = "a version such as breast-cancer/3, or an alias of the model such as champion"
    guard let text = text(expected) else { return nil }
    guard VersionName(text) != nil || (try? ResourceName(text)) != nil else { return refuse(expected) }
    return text
  }

  /// A query and where its database is found.
  func query(ofWindow isWindow: Bool) -> SQLSource? {
    let example = "{connection: env:WAREHOUSE_URL, query: \"select …\"}"
    guard let fields = Fields(self, "a query, e.g. \(example)") else { return nil }
    let connection = fields.required("connection", "a reference to the database's URL, e.g. env:WAREHOUSE_URL")?.credential()
    let query = fields.required("query", "a statement that gives rows")?.query(mustHaveEnds: isWindow)
    fields.finish()
    guard let connection, let query else { return nil }
    return SQLSource(connection: connection, query: query)
  }

  private func query(mustHaveEnds: Bool) -> String? {
    guard let text = text("a statement that gives rows") else { return nil }
    let expected = mustHaveEnds ? "one statement with the window's ends, … >= :from and … < :to" : "one statement that gives rows, without :from and :to"
    guard let ends = DataQuery.ends(in: text), ends == (mustHaveEnds ? ["from", "to"] : []) else { return refuse(expected) }
    return text
  }

  /// The name of a test that this version has, or one of the words that are allowed besides.
  func test(orOneOf presets: [String] = []) -> String? {
    // Where a preset may stand, so may a test of all columns together.
    let tests = presets + (presets.isEmpty ? Supported.columnTests : Supported.tests)
    let expected = Value.either(tests + ["evidently/NAME"])
    guard let name = text("a test: \(expected)") else { return nil }
    if presets.isEmpty, DriftTest(name) == .own(.pcaReconstruction) {
      return refuse("a test of one column", found: "\(name), which judges all columns together; name it as tests.default")
    }
    if presets.contains(name) || DriftTest(name) != nil { return name }
    let known = name.hasPrefix("evidently/") ? EvidentlyTest.allCases.map { "evidently/\($0.rawValue)" } : tests
    return refuse(name.hasPrefix("evidently/") ? Value.either(known) : expected, suggestion: Suggestion.nearest(to: name, among: known))
  }
}
