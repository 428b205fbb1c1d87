import Foundation
import Rules
import Site
import Testing

/// The package's root, whatever folder tests are started from.
let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
let fixtures = root.appending(path: "Tests/Fixtures/sites")

@Test(arguments: try brokenSites())
func every_broken_site_says_exactly_what_is_wrong(_ name: String) throws {
  let expected = try String(contentsOf: fixtures.appending(path: name + "/expected"), encoding: .utf8)
  let found = findings(in: fixtures.appending(path: name))
  #expect(found.map { $0 + "\n" }.joined() == expected)
}

@Test func there_are_at_least_thirty_broken_sites() throws {
  #expect(try brokenSites().count >= 30)
}

@Test func a_secret_written_in_the_file_is_not_repeated() {
  for name in ["secret_in_the_file", "password_in_url"] {
    #expect(!findings(in: fixtures.appending(path: name)).joined().contains("swordfish"))
  }
}

@Test func the_example_site_has_no_findings() throws {
  let site = try Scratch(copying: "site").read()
  #expect(site.name == "riverside")
  #expect(site.model.assets.count == 15)
  #expect(site.model.assets.first?.path == "Riverside")
  #expect(site.model.assets.map(\.path).contains("Riverside/HeatTreatment/F-303"))
  #expect(site.bindings.count == 6 * 8 + 3 * 7 + 3 * 6)
  #expect(site.policy.tier(rule: "any", assetClass: "Oven", kind: .workOrder) == .act)
  #expect(site.policy.tier(rule: "any", assetClass: "Oven", kind: .setpoint) == .shadow)
  #expect(site.policy.adapter(for: .notification, assetClass: "Oven") == "desk")
  #expect(site.limitMarks.map(\.asset) == ["Riverside/Utilities/P-103"])
  #expect(site.model.assets.allSatisfy { $0.classIndex == 0 || $0.ids["desk"] != nil })
}

@Test func the_tree_puts_parents_before_children_and_siblings_by_name() throws {
  let assets = try Scratch(copying: "site").read().model.assets
  for (index, asset) in assets.enumerated() {
    #expect((asset.parent ?? -1) < index)
    #expect(asset.path == (asset.parent.map { assets[$0].path + "/" } ?? "") + asset.name)
  }
  for parent in [nil] + assets.indices.map(Optional.some) {
    let names = assets.filter { $0.parent == parent }.map(\.name)
    #expect(names == names.sorted())
  }
}

@Test func the_three_payloads_of_the_example_are_mapped() throws {
  let mappings = try Scratch(copying: "site").read().sources[0].mqtt.mappings
  let heads: [MessageMapping.Level] = [.exactly("riverside"), .exactly("utilities")]
  #expect(
    mappings[0]
      == MessageMapping(
        topic: heads + [.asset(many: false), .tag(many: false)], shape: .value(path: ["value"]), time: ["ts"],
        quality: ["quality"],
        qualityWords: ["good": .good, "uncertain": .uncertain, "bad": .bad, "stale": .stale]))
  #expect(mappings[1].shape == .keys(path: ["values"], separator: "."))
  #expect(mappings[1].timeFormat == .iso(offset: nil))
  #expect(mappings[2].shape == .array(path: [], name: ["name"], value: ["v"]))
  #expect(mappings[2].timeFormat == .seconds)
  #expect(mappings[2].qualityWords == ["192": .good, "0": .bad, "500": .stale])
}

@Test func each_kind_of_life_is_where_the_example_says() throws {
  let classes = try Scratch(copying: "site").read().model.classes
  let oven = try #require(classes.first { $0.name == "Oven" })
  #expect(oven.tags[0].life == .device)
  #expect(oven.tags[1].life == .itself(staleAfter: .seconds(60)))
  #expect(oven.tags[0].type == .states(names: ["Idle", "Heating", "Holding", "Cooling"], codes: [0, 1, 2, 3]))
}

@Test func check_makes_no_secret_and_run_makes_one_that_stays() throws {
  let scratch = try Scratch(copying: "site")
  #expect(try scratch.read(makeSecrets: false).adapters[0].secrets.isEmpty)
  let first = try #require(try scratch.read().adapters[0].secrets["signing_key"])
  let second = try #require(try scratch.read().adapters[0].secrets["signing_key"])
  #expect(first == second)
  #expect(first.reveal.hasPrefix("whsec_"))
  #expect(Data(base64Encoded: String(first.reveal.dropFirst(6)))?.count == 32)
  let folder = scratch.folder.appending(path: "site/state/secrets").path
  #expect(try mode(folder) == 0o700)
  #expect(try mode(folder + "/desk_signing_key") == 0o600)
  #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["desk_signing_key"])
}

@Test func a_secret_that_others_may_read_is_refused() throws {
  let scratch = try Scratch(copying: "site")
  _ = try scratch.read()
  let path = scratch.folder.appending(path: "site/state/secrets/desk_signing_key").path
  try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
  #expect(throws: SiteFindings.self) { try scratch.read() }
}

@Test func the_fingerprint_moves_with_what_decides_and_with_nothing_else() throws {
  let scratch = try Scratch(copying: "site")
  let before = try scratch.read().fingerprint
  try scratch.replace("site/site.yaml", "port: 1883", "port: 1884")
  try scratch.replace("site/site.yaml", "# Riverside Works: pumps", "# Riverside: pumps")
  #expect(try scratch.read().fingerprint == before)
  #expect(!before.contains("whsec_"))
  for (file, old, new) in [
    ("assets", "vibration_high: 8.5", "vibration_high: 8.6"), ("site", "lateness: 2 s", "lateness: 3 s"),
    ("site", "kind: work_order, tier: act", "kind: work_order, tier: advise"),
    ("assets", "credible: [-1, 25]", "credible: [-1, 26]"),
  ] {
    let last = try scratch.read().fingerprint
    try scratch.replace("site/\(file).yaml", old, new)
    #expect(try scratch.read().fingerprint != last)
  }
}

@Test(
  arguments: [
    ("250 ms", 250_000), ("90 s", 90_000_000), ("1.5 h", 5_400_000_000), ("5min", 300_000_000),
    ("2 d", 172_800_000_000),
  ] as [(String, Int64)])
func a_duration_means_what_it_says(_ text: String, _ microseconds: Int64) throws {
  let scratch = try Scratch(copying: "site")
  try scratch.replace("site/site.yaml", "lateness: 2 s", "lateness: \(text)")
  #expect(try scratch.read().sources[0].settings.lateness.microseconds == microseconds)
}

@Test func the_complete_example_of_the_guide_loads() throws {
  let guide = try String(contentsOf: root.appending(path: "docs/site.md"), encoding: .utf8)
  let blocks = guide.components(separatedBy: "```yaml\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
  let scratch = try Scratch()
  for name in ["site.yaml", "assets.yaml"] {
    let block = try #require(blocks.first { $0.hasPrefix("# \(name)\n") })
    try scratch.write("site/" + name, block)
  }
  let site = try scratch.read(environment: ["BOILER_PASSWORD": "for the test"])
  #expect(site.sources[0].mqtt.password == Secret("for the test"))
  #expect(site.model.assets.map(\.path) == ["Harbour", "Harbour/B-1", "Harbour/B-2"])
}

@Test func a_person_is_known_by_their_login_or_else_by_an_account_of_their_id() throws {
  let scratch = try Scratch(copying: "site")
  try scratch.replace("site/site.yaml", "email: h.weber@riverside.example", "login: hweber")
  let people = try scratch.read().people
  #expect(people.person(withLogin: "hweber")?.id == "h.weber")
  #expect(people.person(withLogin: "h.weber") == nil)
  #expect(people.person(withLogin: "j.okafor")?.name == "James Okafor")
  #expect(people.person(withLogin: "root") == nil)
}

@Test func the_outline_of_a_site_needs_no_secret_and_no_model() throws {
  let scratch = try Scratch(copying: "site")
  try scratch.replace("site/site.yaml", "# username: millwright", "username: millwright")
  try scratch.replace("site/site.yaml", "# password: {env: PLANT_PASSWORD}", "password: {env: PLANT_PASSWORD}")
  try scratch.write("site/assets.yaml", "nonsense: true")
  #expect(throws: SiteFindings.self) { try scratch.read() }
  let outline = try SiteOutline.read(folder: scratch.folder.appending(path: "site").path)
  #expect(outline.name == "riverside")
  #expect(outline.ledger == scratch.folder.appending(path: "site/state/ledger.sqlite").path)
  #expect(outline.sources == ["plant"])
  #expect(outline.people.count == 3)
}

@Test func a_folder_that_is_not_there_is_named_whole() {
  let lines = findings(in: URL(fileURLWithPath: "/nope"))
  #expect(lines.contains { $0.hasPrefix("/nope/site.yaml: cannot read this file") }, "\(lines)")
}

@Test func a_site_is_read_again_from_its_texts_when_its_secrets_are_gone() throws {
  let scratch = try Scratch(copying: "site")
  try scratch.replace(
    "site/site.yaml", "# username: millwright\n    # password:", "username: millwright\n    password:")
  let site = try scratch.read(environment: ["PLANT_PASSWORD": "swordfish"])
  let again = try Site.read(site.texts, of: site.folder, integrations: nil)
  #expect(again.fingerprint == site.fingerprint)
  #expect(!"\(site.texts)".contains("swordfish"))
}
