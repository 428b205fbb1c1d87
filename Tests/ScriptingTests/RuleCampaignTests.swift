import Foundation
import Rules
import Scripting
import Testing

/// Shipped rules, damaged at random: whatever a person may have typed, the answer is a rule or a finding with its place.
struct RuleCampaignTests {
  @Test func a_damaged_rule_is_read_or_refused_with_its_place() throws {
    let environment = ProcessInfo.processInfo.environment
    let size = environment["MILLWRIGHT_CAMPAIGN"] == "large" ? 50_000 : 400
    let seed =
      environment["MILLWRIGHT_SEED"].flatMap { UInt64($0) } ?? (size > 400 ? UInt64.random(in: 0 ... .max) : 20_260_301)
    let rules = try RuleShippedTests.names.map {
      Array(try Data(contentsOf: Package.root.appending(path: "rules/\($0)")))
    }
    var random = SplitMix(state: seed)
    var refused = 0
    for round in 0..<size {
      var bytes = rules[Int(random.next() % UInt64(rules.count))]
      for _ in 0...(random.next() % 3) { random.damage(&bytes) }
      let text = String(decoding: bytes, as: UTF8.self)
      do {
        _ = try RuleFile.read(text: text, file: "rules/damaged.lua", model: Plant.model, owners: Plant.owners)
      } catch {
        refused += 1
        // Line ends as Lua counts them; `\n\r` made by damage counts once there, so this bound is generous.
        let lines = text.utf8.count { $0 == 10 || $0 == 13 } + 1
        let placed =
          !error.list.isEmpty
          && error.list.allSatisfy { finding in
            finding.file == "rules/damaged.lua" && !finding.message.isEmpty && (1...lines).contains(finding.line ?? 1)
          }
        #expect(placed, "MILLWRIGHT_SEED=\(seed) round \(round): \(error)")
      }
    }
    #expect(refused > size / 4, "MILLWRIGHT_SEED=\(seed): \(refused) of \(size) refused; is anything damaged?")
  }
}

/// Sebastiano Vigna's splitmix64.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private static let scraps = [
    "{", "}", "(", ")", "[", "]", "\"", "=", "==", ",", "--", "--[[", "]]", "end", "function", "nil", "rule", ":of",
    "average", "rises(1, 2)", "0x", "1e999", "-", "%", "{asset", "\\", "\n", "\r", "\u{201C}", "\0", "local", "..", "#",
  ].map { Array($0.utf8) }

  /// Cuts, doubles, changes or inserts a little.
  mutating func damage(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let at = Int(next() % UInt64(bytes.count))
    let length = min(bytes.count - at, Int(next() % 12))
    switch next() % 4 {
    case 0: bytes.removeSubrange(at..<(at + length))
    case 1: bytes.insert(contentsOf: bytes[at..<(at + length)], at: Int(next() % UInt64(bytes.count)))
    case 2: bytes[at] = UInt8(truncatingIfNeeded: 32 + next() % 95)
    default: bytes.insert(contentsOf: Self.scraps[Int(next() % UInt64(Self.scraps.count))], at: at)
    }
  }
}
