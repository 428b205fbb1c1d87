import Benefit
import Ledger
import Rules

/// What was seen around decisions that wait for a verdict, out of the journal: whoever judges looks at it.
struct RoiEvidence {
  var reader: LedgerReader
  var configuration: Configuration
  /// Inputs read for one decision, at most: a plant may send thousands a second.
  private static let inputs: Int64 = 400_000
  private static let points = 120

  /// What the journal does not have any more is left out.
  func around(_ waiting: [WaitingDecision]) throws -> [EvidenceShown] {
    try waiting.compactMap { try around($0) }
  }

  private func around(_ waiting: WaitingDecision) throws -> EvidenceShown? {
    guard let story = try reader.decision(matching: "\(waiting.id)") else { return nil }
    let model = configuration.model
    guard let rule = configuration.rules.first(where: { $0.name == waiting.key.rule }),
      let asset = model.assets.firstIndex(where: { $0.path == waiting.key.asset })
    else {
      return EvidenceShown(
        key: waiting.key, title: waiting.title, verdict: nil, readings: story.decision.evidence, curves: [])
    }
    let half = max(.minutes(10), (waiting.key.time - story.decision.since) + .minutes(5))
    let window = (waiting.key.time - half - half)..<(waiting.key.time + half)
    var tags: [TagID: String] = [:]
    for reading in rule.readings where reading.subject == .own {
      guard let tag = model.tag(reading.tag, of: AssetID(asset)), model.definition(of: tag).isDrawn else { continue }
      tags[tag] = reading.name
    }
    let samples = try samples(of: Set(tags.keys), in: window, around: story.input)
    let curves = tags.sorted { $0.value < $1.value }.compactMap { tag, name -> EvidenceShown.Curve? in
      guard let points = samples[tag], !points.isEmpty else { return nil }
      return EvidenceShown.Curve(
        name: name, unit: model.definition(of: tag).unit, points: thinned(points),
        limit: story.decision.limits.drawn(for: name))
    }
    return EvidenceShown(
      key: waiting.key, title: waiting.title, verdict: nil, readings: story.decision.evidence, curves: curves)
  }

  private func samples(
    of tags: Set<TagID>, in window: Range<Instant>, around input: Int64
  ) throws -> [TagID: [(time: Instant, value: Double?)]] {
    let begin = max(try reader.firstInput(), input - Self.inputs * 3 / 4)
    let past = try JournalInputs(reader, configuration, from: begin, samplesWithin: window)
    var samples: [TagID: [(time: Instant, value: Double?)]] = [:]
    var goesOn = true
    while goesOn, past.read < Self.inputs {
      var inputs: [Input] = []
      goesOn = try past.read(into: &inputs)
      for case .change(let change) in inputs where tags.contains(change.tag) {
        var value: Double?
        if change.quality == .good, case .number(let number) = change.value, number.isFinite { value = number }
        samples[change.tag, default: []].append((change.time, value))
      }
    }
    return samples
  }

  /// As many as can be told apart on a page: the last of each equal part.
  private func thinned(_ points: [(time: Instant, value: Double?)]) -> [(time: Instant, value: Double?)] {
    guard points.count > Self.points else { return points }
    return (1...Self.points).map { points[$0 * points.count / Self.points - 1] }
  }
}

extension TagDefinition {
  /// Whether its values are a curve.
  fileprivate var isDrawn: Bool { type == .number || type == .counter }
}

extension [Limit] {
  /// The first number among the limits that are called after a reading: `suction_low` for `suction`.
  func drawn(for reading: String) -> Double? {
    for limit in self where limit.name == reading || limit.name.hasPrefix(reading + "_") {
      if case .number(let number) = limit.value { return number }
    }
    return nil
  }
}
