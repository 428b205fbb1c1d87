import Demo
import Foundation
import Rules
import Testing
import millwright

/// The shipped site and rules on the simulated plant, without a broker: an hour in a moment.
@Suite struct SimulatedPlantTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  @Test(arguments: [UInt64(1), 2])
  func every_fault_written_into_the_plant_is_found_and_nothing_else_decides(seed: UInt64) throws {
    let start = try #require(Instant(rfc3339: "2026-03-01T08:00:00Z"))
    let installation = try Installation.read(SiteFolders(site: Self.root + "/site"), makeSecrets: false)
    let configuration = try installation.configuration()
    var decider = Decider(configuration)
    var plant = Plant(seed: seed, start: start)
    var decisions: [Decision] = []
    for sample in plant.advance(to: start + .hours(1)) {
      guard let asset = configuration.model.assets.firstIndex(where: { $0.name == sample.asset }),
        let tag = configuration.model.tag(sample.tag, of: AssetID(asset))
      else {
        Issue.record("the site does not know \(sample.asset) \(sample.tag)")
        continue
      }
      let change = TagChange(tag, sample.value, quality: sample.quality, time: sample.time)
      decisions += decider.apply(.change(change))?.verdict.decisions ?? []
    }
    let comparison = Comparison(
      faults: plant.faults(until: start + .hours(1)), decisions: decisions, blind: [], until: start + .hours(1))
    for (fault, verdict) in comparison.verdicts where fault.expected == .decision {
      guard case .caught = verdict else {
        Issue.record("\(fault.sentence): \(verdict)")
        continue
      }
    }
    #expect(comparison.withoutFault.map { "\($0.key)" } == [])
  }
}
