import Foundation
import Rules

/// Everything wrong with a site, sorted by file and line.
package struct SiteFindings: Error, CustomStringConvertible {
  package var list: [Finding]
  package var description: String { list.map(\.description).joined(separator: "\n") }
}

/// Someone named in the site file.
package struct Person: Sendable, Equatable {
  /// The word other parts of the file use.
  package var id: String
  package var name: String
  package var email: String?
  /// The account of this machine by which the engine knows them; the id itself when the file names none.
  package var login: String
}

/// Who answers for rules: a team and its people.
package struct Owner: Sendable, Equatable {
  package var name: String
  /// Ids of people; the first is asked first.
  package var people: [String]
}

/// The two files of a site, word for word. They hold no secret: one that is written there is refused.
package struct SiteTexts: Sendable, Equatable {
  package var site: String
  package var assets: String
  package init(site: String, assets: String) {
    self.site = site
    self.assets = assets
  }
}

/// One installation, as `site.yaml` and `assets.yaml` describe it, in the words of Rules.
package struct Site: Sendable {
  package var texts: SiteTexts
  /// One word: `riverside`.
  package var name: String
  package var title: String
  /// Absolute, as are the other folders.
  package var folder: String
  package var rulesFolder: String
  package var integrationsFolder: String
  package var stateFolder: String
  /// How much of the journal is kept.
  package var retention: Retention
  package var model: Model
  /// In file order; a source's place is its `SourceID`.
  package var sources: [(settings: SourceSettings, mqtt: MQTTSettings)]
  package var bindings: [Binding]
  package var adapters: [AdapterSettings]
  /// Where the past can be read from, in file order.
  package var historians: [HistorianSettings]
  package var owners: [Owner]
  package var people: [Person]
  package var policy: PolicySettings
  /// How much memory the engine should take at most; nil where the file does not say.
  package var memoryAtMost: Int64?
  package var prices: Prices
  /// The longest that a person may shelve a rule at once (ISA-18.2).
  package var shelveAtMost: TimeSpan
  package var zone: Zone
  package var calendars: [Rules.Calendar]
  package var shifts: [Shift]
  /// Where limits are overridden; whether rule and limit exist is for whoever knows the rules.
  package var limitMarks: [RuleMark]
  /// Where tiers name rules.
  package var tierMarks: [RuleMark]

  /// Reads a site's folder. Generated secrets that are not there yet are made when `makeSecrets`, else left out.
  /// Throws every finding at once.
  /// `integrations`, if given, is the folder of adapters instead of the one the file names.
  package static func read(
    folder: String, environment: [String: String], makeSecrets: Bool, integrations: String? = nil
  ) throws(SiteFindings) -> Site {
    let report = Reporter()
    let here = FileManager.default.currentDirectoryPath
    let site = read(
      absolute(folder, from: here), environment, makeSecrets, integrations.map { absolute($0, from: here) }, report)
    guard let site, report.list.isEmpty else { throw SiteFindings(list: report.sorted) }
    return site
  }

  /// A site as it once was, from its texts: what decides. No secret is needed for that, nor given.
  package static func read(_ texts: SiteTexts, of folder: String, integrations: String?) throws(SiteFindings) -> Site {
    let report = Reporter()
    let here = FileManager.default.currentDirectoryPath
    let site = read(
      absolute(folder, from: here), [:], false, integrations.map { absolute($0, from: here) }, report, texts)
    guard let site, report.list.isEmpty else { throw SiteFindings(list: report.sorted) }
    return site
  }

  private static func read(
    _ folder: String, _ environment: [String: String], _ makeSecrets: Bool, _ otherIntegrations: String?,
    _ report: Reporter, _ texts: SiteTexts? = nil
  ) -> Site? {
    let shown = folder.split(separator: "/").last.map(String.init) ?? ""
    let (siteFile, assetsFile) = (shown + "/site.yaml", shown + "/assets.yaml")
    let siteWords = texts?.site ?? YAML.text(at: folder + "/site.yaml", shownAs: siteFile, report)
    let assetsWords = texts?.assets ?? YAML.text(at: folder + "/assets.yaml", shownAs: assetsFile, report)
    let siteText = siteWords.flatMap { YAML.parse($0, shownAs: siteFile, report) }
    let assetsText = assetsWords.flatMap { YAML.parse($0, shownAs: assetsFile, report) }
    // One file that cannot be read does not hide what is wrong in the other; only what names its words is left out.
    let assets = assetsText.map { Fields($0, "the asset file", file: assetsFile, report) }
    let classes = (assets?.readable ?? false) ? readClasses(assets) : nil
    guard let siteText else { return nil }
    let fields = Fields(siteText, "the site file", file: siteFile, report)
    guard fields.readable else { return nil }

    let siteName = fields.text("site", needed: "riverside")
    let name = siteName?.text ?? ""
    if let line = siteName?.line, !name.utf8.allSatisfy(isOfAName) || name.isEmpty {
      fields.finding(line, "'site' is one word of letters, digits, '-' and '_', not '\(name)'; 'title' may be anything")
    }
    let title = fields.text("title")?.text ?? name
    func folderAt(_ key: String, _ usual: String) -> String {
      absolute(fields.text(key)?.text ?? usual, from: folder)
    }
    let rules = folderAt("rules", "../rules")
    let named = folderAt("integrations", "../integrations")
    let integrations = otherIntegrations ?? named
    let state = folderAt("state", "state")
    let secrets = Secrets(
      environment: environment, siteFolder: folder, folder: state + "/secrets", make: makeSecrets,
      mayLack: texts != nil)

    if !fields.has("sources") { fields.missing("sources", "{plant: {kind: mqtt, host: localhost, messages: []}}") }
    let sources = SourceReader(site: name, folder: folder, file: siteFile, secrets: secrets, report: report)
      .read(fields.named("sources"))
    let adapters = AdapterReader(
      file: siteFile, integrationsFolder: integrations, secrets: secrets, report: report
    ).read(fields.named("adapters"))

    let pasts = fields.named("historians")
    let plant = readAssets(assets, classes, sources.map(\.0.name), adapters.map(\.name) + pasts.map(\.key))
    let historians = HistorianReader(file: siteFile, model: plant?.model, secrets: secrets, report: report).read(pasts)
    let policy = PolicyReader(
      file: siteFile, classes: classes?.map(\.definition.name), adapters: adapters.map(\.name), report: report)
    let routes = fields.fields("work", "'work'").map(policy.routes) ?? []
    let tiers = policy.tiers(fields.list("tiers")?.items ?? [])
    let conduits = ConduitReader(
      file: siteFile, model: plant?.model, adapters: adapters.map(\.name), routes: routes, report: report
    ).read(fields.named("conduits"))
    let approve = fields.span("approve_within", atLeast: .seconds(1)) ?? .hours(8)
    let blind = fields.span("blind_after", atLeast: .seconds(1)) ?? .hours(24)
    let quiet = fields.span("quiet_after_no_fault", atLeast: .seconds(1))
    let shelve = fields.span("shelve_at_most", atLeast: .seconds(1)) ?? .hours(24)
    let memoryAtMost = fields.bytes("memory_at_most", atLeast: 64_000_000)
    let retention = readRetention(fields)
    let times = CalendarReader(file: siteFile, report: report)
    let zone = times.zone(fields)
    let shifts = times.shifts(fields.named("shifts"))
    let calendars = times.calendars(fields.named("calendars"), in: zone)
    let people = readPeople(fields)
    let owners = readOwners(fields, people)
    let prices = MoneyReader(
      file: siteFile, classes: classes?.map(\.definition.name), assets: plant?.model.assets.map(\.path), report: report
    ).read(fields)
    fields.close()

    guard let plant else { return nil }
    return Site(
      texts: SiteTexts(site: siteWords ?? "", assets: assetsWords ?? ""), name: name, title: title, folder: folder,
      rulesFolder: rules, integrationsFolder: integrations,
      stateFolder: state, retention: retention, model: plant.model, sources: sources.map { ($0.0, $0.1) },
      bindings: plant.bindings,
      adapters: adapters, historians: historians, owners: owners, people: people,
      policy: PolicySettings(
        tiers: tiers.tiers, routes: routes, approveWithin: approve, blindAfter: blind, conduits: conduits,
        quietAfterNoFault: quiet),
      memoryAtMost: memoryAtMost,
      prices: prices,
      shelveAtMost: shelve,
      zone: zone, calendars: calendars, shifts: shifts, limitMarks: plant.marks, tierMarks: tiers.marks)
  }

  private static func readClasses(_ assets: Fields?) -> [ClassText]? {
    guard let assets else { return nil }
    if !assets.has("classes") { assets.missing("classes", "{Pump: {tags: {}}}") }
    return ClassReader(file: assets.file, report: assets.report).read(assets.named("classes"))
  }

  private static func readAssets(
    _ assets: Fields?, _ classes: [ClassText]?, _ sources: [String], _ adapters: [String]
  ) -> (model: Model, bindings: [Binding], marks: [RuleMark])? {
    guard let assets, let classes else { return nil }
    if !assets.has("assets") { assets.missing("assets", "{Works: {P-101: {class: Pump}}}") }
    defer { assets.close() }
    return AssetReader(
      file: assets.file, classes: classes, sources: sources, adapters: adapters, report: assets.report
    ).read(assets.named("assets"))
  }

  /// `journal: {keep: 90 d, size: 10 GB}`
  private static func readRetention(_ fields: Fields) -> Retention {
    var retention = Retention()
    guard let journal = fields.fields("journal", "'journal'") else { return retention }
    if let age = journal.span("keep", atLeast: .hours(1)) { retention.age = age }
    if let size = journal.bytes("size", atLeast: 64 << 20) { retention.size = size }
    journal.close()
    return retention
  }

  static func readPeople(_ fields: Fields) -> [Person] {
    var logins: [String: String] = [:]
    return fields.named("people").map { entry in
      let person = Fields(entry.value, "person '\(entry.key)'", line: entry.line, file: fields.file, fields.report)
      defer { person.close() }
      let login = person.text("login")
      let account = login?.text ?? entry.key
      // One id twice is said elsewhere.
      if let other = logins.updateValue(entry.key, forKey: account), other != entry.key {
        person.finding(
          login?.line ?? entry.line,
          "the login '\(account)' of '\(entry.key)' is that of '\(other)'; each person has their own")
      }
      return Person(
        id: entry.key, name: person.text("name", needed: "Heike Weber")?.text ?? "", email: person.text("email")?.text,
        login: account)
    }
  }

  private static func readOwners(_ fields: Fields, _ people: [Person]) -> [Owner] {
    guard let owners = fields.fields("owners", "'owners'") else { return [] }
    return owners.all().map { entry in
      let names = owners.texts(entry.key)?.items ?? []
      for name in names where !people.contains(where: { $0.id == name }) {
        let near = suggestion(for: name, among: people.map(\.id))
        owners.finding(entry.line, "owner '\(entry.key)' names '\(name)', who is not among 'people'\(near)")
      }
      if names.isEmpty { owners.finding(entry.line, "owner '\(entry.key)' needs at least one person") }
      return Owner(name: entry.key, people: names)
    }
  }
}
