import Foundation
import Rules
import Site
import Testing

/// The example site with the guide's conduit, and the tag that permits it.
private func scratch() throws -> Scratch {
  let guide = try String(contentsOf: root.appending(path: "docs/site.md"), encoding: .utf8)
  let block = try #require(
    guide.components(separatedBy: "```yaml\n").map { $0.components(separatedBy: "```")[0] }
      .first { $0.contains("\nconduits:\n") })
  let conduits = try #require(block.range(of: "conduits:\n"))
  let scratch = try Scratch(copying: "site")
  let site = try String(contentsOf: scratch.folder.appending(path: "site/site.yaml"), encoding: .utf8)
  try scratch.write("site/site.yaml", site + "\n" + block[conduits.lowerBound...])
  try scratch.replace("site/site.yaml", "\nwork:\n", "\nwork:\n  setpoint: desk\n")
  try scratch.replace(
    "site/assets.yaml", "      SpeedSetpoint:", "      RemoteEnabled: {type: boolean}\n      SpeedSetpoint:")
  return scratch
}

@Test func the_conduit_of_the_guide_is_read() throws {
  #expect(
    try scratch().read().policy.conduits == [
      Conduit(
        name: "pump_speed", adapter: "desk", end: .asset(path: "Riverside/Utilities/P-101"), tag: "SpeedSetpoint",
        range: 20...100, largestStep: 10, permissive: "RemoteEnabled", lifetime: .seconds(60))
    ])
}

@Test func a_conduit_is_valid_for_a_minute_unless_it_says_otherwise() throws {
  let scratch = try scratch()
  try scratch.replace("site/site.yaml", "    valid_for: 60 s\n", "")
  #expect(try scratch.read().policy.conduits.map(\.lifetime) == [.seconds(60)])
}

@Test(arguments: [
  ("from: 20", "from: 21"), ("to: 100", "to: 99"), ("largest_step: 10", "largest_step: 9"),
  ("valid_for: 60 s", "valid_for: 61 s"), ("permissive: RemoteEnabled", "permissive: Running"),
  ("asset: Riverside/Utilities/P-101", "class: CentrifugalPump"),
])
func every_limit_of_a_conduit_is_in_the_fingerprint(old: String, new: String) throws {
  let scratch = try scratch()
  let before = try scratch.read().fingerprint
  try scratch.replace("site/site.yaml", old, new)
  #expect(try scratch.read().fingerprint != before)
}

@Test func a_site_without_conduits_keeps_the_fingerprint_it_had() throws {
  #expect(try !Scratch(copying: "site").read().fingerprint.contains("conduit"))
}
