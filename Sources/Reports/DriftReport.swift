public import Profiles
internal import Statistics
public import Values

/// A comparison to be read: what was found, pictures of every column, and what is known besides. The same report gives the same bytes.
public struct DriftReport: Sendable {
  /// What the comparison found.
  public var result: ComparisonResult
  /// Of the columns that both sides have, in any order.
  public var distributions: [ColumnDistribution]
  /// How it was compared.
  public var options: ComparisonOptions
  /// As whoever compared named the reference, and the current data.
  public var sources: (reference: String, current: String)
  /// What the predictions are; nil when no column is named.
  public var model: ModelSection?
  /// What a monitor recorded before; nil without one.
  public var history: MeasurementHistory?

  /// The predictions among the columns.
  public struct ModelSection: Sendable {
    /// The column of predictions, and the one of probabilities.
    public var prediction: String?
    /// P(positive) of two classes, P(predicted class) of more.
    public var probability: String?
    /// How sure the predictions were; nil without probabilities or without the rows.
    public var confidence: ColumnDistribution?
    /// How right they were; nil without labels.
    public var quality: WindowedQuality?
    /// What the rows say of the model; nil without the reference's rows or predictions.
    public var assessment: ModelAssessment?
    /// Why there is less than was asked for, a sentence each.
    public var remarks: [String] = []

    /// Takes the values as they are; nothing is checked.
    public init(prediction: String?, probability: String?) {
      self.prediction = prediction
      self.probability = probability
    }

    /// Measures what both sides' rows allow; what they do not is said in `remarks`, and costs the rest nothing.
    /// - Parameters:
    ///   - excluded: columns that are no inputs.
    ///   - inputs: what was found about the columns.
    public init(
      prediction: String?, probability: String?, label: String?, reference: ComparisonSide, current: ComparisonSide, excluded: Set<String> = [],
      inputs: [ColumnResult] = []
    ) {
      self.init(prediction: prediction, probability: probability)
      guard case .table(let now) = current else {
        remarks.append("The current data are a profile: confidence and accuracy need the rows.")
        return
      }
      var before: DataTable?
      if case .table(let table) = reference { before = table }
      if let probability, let before, before[probability] != nil, now[probability] != nil {
        do throws(TableError) {
          confidence = try ColumnDistribution.confidence(before, now, probability: probability, prediction: prediction)
        } catch { remarks.append("Confidence could not be measured: \(error).") }
      }
      if let label, let prediction {
        do throws(TableError) {
          quality = try WindowedQuality(reference: before, current: now, columns: .init(label: label, prediction: prediction))
        } catch { remarks.append("How right the predictions were could not be measured: \(error).") }
      }
      guard let before, let prediction, before[prediction] != nil, now[prediction] != nil else { return }
      let isRegression = quality.map { $0.metric != .accuracy } ?? (probability == nil && before[prediction]?.type == .numeric)
      let judged = inputs.filter { $0.name != prediction && $0.name != probability && ($0.verdict == .drifted || $0.verdict == .stable) }
      do throws(TableError) {
        assessment = try ModelAssessment(
          reference: before, current: now, task: isRegression ? .regression : .classification,
          columns: .init(prediction: prediction, probability: probability, label: label, excluded: excluded),
          inputs: judged.isEmpty ? nil : (judged.count { $0.verdict == .drifted }, judged.count))
      } catch { remarks.append("What the predictions say of the model could not be measured: \(error).") }
    }
  }

  /// Takes the values as they are; nothing is checked.
  public init(
    result: ComparisonResult, distributions: [ColumnDistribution], options: ComparisonOptions, sources: (reference: String, current: String),
    model: ModelSection? = nil, history: MeasurementHistory? = nil
  ) {
    self.result = result
    self.distributions = distributions
    self.options = options
    self.sources = sources
    self.model = model
    self.history = history
  }

  /// As `kedge compare -o json` prints the result, with each column's `distribution` and `history`, and what is known about the predictions.
  public var json: JSON {
    let pictures = byName
    var json = result.json
    json["sources"] = ["reference": .string(sources.reference), "current": .string(sources.current)]
    json["columns"] = .array(
      result.columns.map { column in
        var item = column.json
        if let distribution = pictures[column.name]?.json, case .object(let object) = distribution {
          item["distribution"] = JSON(object.members.filter { $0.key != "name" && $0.key != "type" }.map { ($0.key, $0.value) })
        }
        item["history"] = history?.json(of: column.name)
        return item
      })
    json["confidence"] = model?.confidence?.json
    json["quality"] = model?.quality?.json
    json["model_drift"] = model?.assessment?.json
    json["history"] = history?.json
    return json
  }

  /// The report in one file that needs nothing else: no network, no library.
  public var html: String { ReportPage(self).text }

  /// The distributions by column.
  var byName: [String: ColumnDistribution] { Dictionary(distributions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }) }

  /// The worst first: what drifted, by how much, then what could not be compared, then what is inconclusive, then the rest.
  var worstFirst: [ColumnResult] {
    func rank(_ column: ColumnResult) -> Int {
      switch column.verdict {
      case .drifted: 0
      case .skipped: 1
      case .inconclusive: 2
      case .stable: 3
      }
    }
    return result.columns.enumerated().sorted { one, other in
      let (a, b) = (rank(one.element), rank(other.element))
      if a != b { return a < b }
      let (x, y) = (one.element.effect ?? 0, other.element.effect ?? 0)
      return x == y ? one.offset < other.offset : x > y
    }.map(\.element)
  }
}
