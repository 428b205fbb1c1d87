import Rules

/// One value as an instrument of the simulated plant gave it.
package struct Sample: Equatable, Sendable {
  /// The asset's own name, `P-101`.
  package var asset: String
  package var tag: String
  package var value: Value
  package var quality: Quality
  /// Plant time, whole seconds.
  package var time: Instant

  package init(asset: String, tag: String, value: Value, quality: Quality = .good, time: Instant) {
    self.asset = asset
    self.tag = tag
    self.value = value
    self.quality = quality
    self.time = time
  }
}

/// What one instrument shows, before it has an asset and a time.
struct Measurement {
  var tag: String
  var value: Value
  var quality = Quality.good
  /// Sent when it changes, and now and then so that a listener who came late learns it.
  var byException = false

  static func number(_ tag: String, _ value: Double, decimals: Int = 1, quality: Quality = .good) -> Measurement {
    let scale = decimals == 1 ? 10.0 : 100.0
    return Measurement(tag: tag, value: .number((value * scale).rounded() / scale), quality: quality)
  }
  static func onChange(_ tag: String, _ value: Value) -> Measurement {
    Measurement(tag: tag, value: value, byException: true)
  }
}

/// A machine moves by one step and shows what its instruments read then.
protocol Machine: Sendable {
  var name: String { get }
  mutating func step(at now: Instant, troubles: Troubles) -> [Measurement]
}

/// How far each kind of fault has gone on one machine, 0 to 1.
struct Troubles {
  private var found: [(kind: PlantFault.Kind, severity: Double)] = []

  init(_ faults: [PlantFault], of asset: String, at now: Instant) {
    for fault in faults where fault.asset == asset {
      let severity = fault.severity(at: now)
      if severity > 0 { found.append((fault.kind, severity)) }
    }
  }

  subscript(_ kind: PlantFault.Kind) -> Double { found.first { $0.kind == kind }?.severity ?? 0 }
}
