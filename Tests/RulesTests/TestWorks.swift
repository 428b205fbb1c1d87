import Rules
import Testing

/// A plant with a line of two pumps that stand by for each other, an oven of five zones, and a pump by itself.
enum TestWorks {
  static let classes = [
    AssetClass(name: "Area", tags: []),
    AssetClass(name: "Line", tags: [TagDefinition(name: "On", type: .boolean)]),
    AssetClass(name: "Oven", tags: [TagDefinition(name: "Target", type: .number, unit: "degC")]),
    AssetClass(
      name: "Zone",
      tags: [
        TagDefinition(name: "Temp", type: .number, unit: "degC"), TagDefinition(name: "Hot", type: .boolean),
      ]),
    AssetClass(
      name: "Pump",
      tags: [
        TagDefinition(name: "P", type: .number, unit: "bar g"), TagDefinition(name: "Q", type: .number, unit: "m3/h"),
        TagDefinition(name: "Beat", type: .counter),
        TagDefinition(
          name: "Beaten", type: .number, unit: "A", life: .heartbeat(tag: "Beat", staleAfter: .seconds(10))),
        TagDefinition(name: "Alive", type: .number, unit: "A", life: .itself(staleAfter: .seconds(60))),
      ], references: [ReferenceDefinition(name: "standby", assetClass: "Pump")]),
  ]

  /// In tree order.
  static let assets = [
    Asset(name: "Works", path: "Works", classIndex: 0),
    Asset(name: "L-1", path: "Works/L-1", classIndex: 1, parent: 0),
    Asset(name: "P-1", path: "Works/L-1/P-1", classIndex: 4, parent: 1, references: ["standby": AssetID(3)]),
    Asset(name: "P-2", path: "Works/L-1/P-2", classIndex: 4, parent: 1, references: ["standby": AssetID(2)]),
    Asset(name: "O-1", path: "Works/O-1", classIndex: 2, parent: 0),
    Asset(name: "Z-1", path: "Works/O-1/Z-1", classIndex: 3, parent: 4),
    Asset(name: "Z-2", path: "Works/O-1/Z-2", classIndex: 3, parent: 4),
    Asset(name: "Z-3", path: "Works/O-1/Z-3", classIndex: 3, parent: 4),
    Asset(name: "Z-4", path: "Works/O-1/Z-4", classIndex: 3, parent: 4),
    Asset(name: "Z-5", path: "Works/O-1/Z-5", classIndex: 3, parent: 4),
    Asset(name: "P-9", path: "Works/P-9", classIndex: 4, parent: 0),
  ]

  /// P-2 comes from a source of its own.
  static let model = Model(classes: classes, assets: assets) { asset, _ in SourceID(asset.name == "P-2" ? 1 : 0) }

  static func configuration(_ rules: [Rule], lateness: Double = 0) -> Configuration {
    Configuration(
      hash: .zero, model: model, rules: rules,
      policy: PolicySettings(
        tiers: [.init(rule: nil, assetClass: nil, kind: nil, tier: .act)],
        routes: [.init(kind: .workOrder, assetClass: nil, adapter: "desk")]),
      sources: ["plant", "packaged"].map {
        SourceSettings(name: $0, lateness: TestPlant.span(lateness), skew: .seconds(5))
      })
  }

  static func tag(_ name: String, of asset: String) -> TagID {
    let place = assets.firstIndex { $0.name == asset } ?? -1
    return model.tag(name, of: AssetID(place)) ?? TagID(-1)
  }
}

extension TestPlant {
  init(works rules: Rule..., lateness: Double = 0) {
    self.init(TestWorks.configuration(rules, lateness: lateness))
  }

  /// A sample of an asset of the works.
  mutating func send(_ asset: String, _ tag: String, _ value: Value, at seconds: Double, quality: Quality = .good) {
    apply(
      .change(
        TagChange(
          TestWorks.tag(tag, of: asset), value, quality: quality, time: TestPlant.at(seconds),
          arrived: TestPlant.at(seconds))))
  }
  mutating func send(_ asset: String, _ tag: String, _ number: Double, at seconds: Double, quality: Quality = .good) {
    send(asset, tag, .number(number), at: seconds, quality: quality)
  }
  mutating func link(_ event: LinkEvent, of source: Int, at seconds: Double) {
    apply(.source(SourceID(source), event, TestPlant.at(seconds)))
  }
  mutating func tick(_ seconds: Double, of source: Int) { apply(.tick(SourceID(source), TestPlant.at(seconds))) }

  /// Decisions as `P-1@30`, in the order in which they were taken; with several rules `rule P-1@30`.
  var told: [String] {
    decisions.map { decision in
      let asset = decision.key.asset.split(separator: "/").last ?? ""
      let rule = decision.key.rule == "rule" ? "" : decision.key.rule + " "
      return "\(rule)\(asset)@\((decision.key.time - TestPlant.start).seconds)"
    }
  }

  func condition(_ rule: String = "rule", of asset: String) -> Condition? {
    let path = TestWorks.assets.first { $0.name == asset }?.path ?? asset
    return decider.evaluator.condition(rule: rule, asset: path).map {
      decider.evaluator.conditions[Int($0.index)]
    }
  }

  /// Goes on with what a snapshot of now gives.
  mutating func restart() throws {
    var restored = Decider(decider.evaluator.configuration)
    var reader = ByteReader(decider.encodedState())
    try restored.restore(from: &reader)
    #expect(reader.atEnd)
    #expect(restored.encodedState() == decider.encodedState())
    decider = restored
  }
}

extension Look {
  func group(_ name: String) throws -> GroupReading {
    guard case .group(let group) = values[names.firstIndex(of: name) ?? 0] else {
      throw Blind(reading: names.firstIndex(of: name) ?? 0)
    }
    return group
  }
  func isAbsent(_ name: String) -> Bool { values[names.firstIndex(of: name) ?? 0] == .absent }
}

extension Calculation {
  /// `compute` gives nothing as nil.
  static func make(
    _ name: String, _ readings: [Reading], unit: String? = nil, compute: @escaping (Look) throws -> Double?
  ) -> Calculation {
    let names = readings.map(\.name)
    return Calculation(name: name, unit: unit, readings: readings) { values, limits in
      do {
        return try compute(Look(names: names, values: values, limits: limits)).map(Computed.number) ?? .nothing
      } catch let blind as Look.Blind {
        return .blind(reading: blind.reading)
      } catch let broken as Broken {
        return .fault(FaultCause(broken.cause, kind: broken.kind))
      } catch {
        return .fault("\(error)")
      }
    }
  }
}

extension Rule {
  /// A rule of any class and readings, made like those of one machine.
  static func on(
    _ assetClass: String, _ name: String, _ readings: [Reading], calculating: [Calculation] = [], heldFor: Double = 0,
    tolerates: Double = 0, every: Every = .never, when: @escaping (Look) throws -> Bool
  ) -> Rule {
    let names = readings.map(\.name)
    let made = make(name, reads: names.map { ($0, "", .latest) }, heldFor: heldFor, tolerates: tolerates, when: when)
    return Rule(
      name: name, title: name, owner: "tests", appliesTo: assetClass, readings: readings, calculations: calculating,
      heldFor: made.heldFor, tolerates: made.tolerates, every: every, ask: made.ask)
  }

  static func on(
    _ assetClass: String, _ readings: [Reading], calculating: [Calculation] = [], heldFor: Double = 0,
    tolerates: Double = 0, when: @escaping (Look) throws -> Bool
  ) -> Rule {
    on(
      assetClass, "rule", readings, calculating: calculating, heldFor: heldFor, tolerates: tolerates, when: when)
  }
}
