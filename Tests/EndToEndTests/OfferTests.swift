import Foundation
import Ledger
import Rules
import Testing
import millwright

/// What the site's files say, and what people are told of it.
@Suite struct OfferTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// A copy of the shipped rules, gone with it.
  private final class Rulebook {
    let folder = NSTemporaryDirectory() + "millwright-offer-\(UUID().uuidString)"
    init() throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: OfferTests.root + "/rules", toPath: folder + "/rules")
    }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ name: String, _ text: String) throws {
      let path = folder + "/rules/" + name
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    func read() throws -> Installation {
      var folders = SiteFolders(site: OfferTests.root + "/site")
      folders.rules = folder + "/rules"
      return try Installation.read(folders, makeSecrets: false, proving: false)
    }
  }

  @Test func a_new_version_is_said_to_wait_when_it_does_and_once() throws {
    let rulebook = try Rulebook()
    let offer = Offer(try rulebook.read())
    let catalogue = SiteCatalogue(offer, try Ledger(path: rulebook.folder + "/ledger.sqlite"), log: Log())
    let before = try #require(try catalogue.successor(to: nil))
    catalogue.tookOver(before.hash)
    let pump = try #require(before.model.assets.first { $0.name == "P-101" })
    var standing = Standing()
    standing.decisions = [DecisionKey(rule: "pump_cavitation", asset: pump.path, time: Instant(seconds: 1))]
    let decider = Decider(before, standing: standing)

    let text = try String(contentsOfFile: rulebook.folder + "/rules/pump_cavitation.lua", encoding: .utf8)
    let changed = text.replacing(#/held_for( *)= "[^"]*"/#) { #"held_for\#($0.1)= "3 min""# }
    #expect(changed != text)
    try rulebook.write("pump_cavitation.lua", changed)
    offer.put(try rulebook.read(), refusals: [])
    let next = try #require(try catalogue.successor(to: decider))
    #expect(next.rules.contains { $0.name == "pump_cavitation~new" })
    #expect(offer.newTroubles() == [], "it may still hear the journal")
    catalogue.tookOver(next.hash)
    #expect(
      offer.newTroubles() == [
        "a new version of 'pump_cavitation' decides in shadow; 'millwright rules release pump_cavitation' lets it act"
      ])
    #expect(offer.newTroubles() == [])
  }

  @Test func a_file_of_a_class_that_no_rule_reads_is_checked() throws {
    let rulebook = try Rulebook()
    for name in try FileManager.default.contentsOfDirectory(atPath: rulebook.folder + "/rules")
    where name.hasPrefix("oven_") { try FileManager.default.removeItem(atPath: rulebook.folder + "/rules/" + name) }
    func findings() -> String {
      do {
        _ = try rulebook.read()
        return ""
      } catch {
        return "\(error)"
      }
    }
    let before = findings()
    try rulebook.write("classes/Oven.lua", "class { calculates = }")
    #expect(!before.contains("classes/Oven.lua") && findings().contains("rules/classes/Oven.lua:1: "), "\(findings())")
  }
}
