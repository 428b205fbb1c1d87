import Crypto
import Delivery
import Foundation
import Ledger
import Rules
import Scripting
import Site

/// A site folder with its rules and adapters, read and found free of mistakes. The texts are kept, so that every
/// thread that needs rules or adapter code compiles them for itself: Lua states are not shared.
package struct Installation: Sendable {
  package var site: Site
  package let rules: [SourceText]
  package let adapters: [String: SourceText]
  /// Rule files that are not taken as they are now, where one wrong file is to stop nothing.
  package var refused: [Refused] = []
  /// What is wrong with files of classes that no rule reads.
  package var unread: [String] = []
  let folders: SiteFolders

  package struct SourceText: Sendable, Equatable {
    /// As messages name it: `rules/pump_cavitation.lua`.
    package var file: String
    package var text: String
    package var role = Role.acting
    /// The file of the rule's class as it was then; nil where the class has none.
    package var shared: SharedText?
  }

  package struct Refused: Sendable, Equatable {
    package var file: String
    /// `rules/pump.lua:7: what is wrong`, each.
    package var findings: [String]
    var rule: String { SourceText(file: file, text: "").rule }
  }

  /// Reads everything and checks it as a whole, examples too where they are to be proven. Throws `Failure.findings`
  /// with every finding there is.
  package static func read(_ folders: SiteFolders, makeSecrets: Bool, proving: Bool = true) throws -> Installation {
    let site = try readSite(folders, makeSecrets: makeSecrets)
    let (installation, findings) = try read(folders, site, proving: proving)
    guard findings.isEmpty else { throw Failure.findings(sorted(findings)) }
    return installation
  }

  /// The same for an engine, which one wrong rule file must not stop: it is left out and named. Throws
  /// `Failure.findings` when something is wrong with the rest. `site` is the one to be read with, if not the folder's.
  static func readGood(_ folders: SiteFolders, makeSecrets: Bool, with site: Site? = nil) throws -> Installation {
    let site = try site ?? readSite(folders, makeSecrets: makeSecrets)
    let (installation, findings) = try read(folders, site, proving: true)
    let files = try ruleFiles(in: folders.rules ?? site.rulesFolder).map { "rules/\($0)" }
    // What is wrong with a class's file is wrong with each rule that it is for.
    let rest = findings.filter {
      !files.contains($0.file) && $0.message != noRules && !$0.file.hasPrefix("rules/\(classesFolder)/")
    }
    guard rest.isEmpty else { throw Failure.findings(sorted(rest)) }
    let refused = files.compactMap { file in
      let own = findings.filter { $0.file == file }
      return own.isEmpty ? nil : Refused(file: file, findings: sorted(own))
    }
    var good = installation.with(installation.rules.filter { rule in !refused.contains { $0.file == rule.file } })
    good.refused = refused
    // But a file that no rule reads is wrong with none of them.
    let read = installation.rules.compactMap(\.shared?.file)
    good.unread = sorted(
      findings.filter { $0.file.hasPrefix("rules/\(classesFolder)/") && !read.contains($0.file) })
    return good
  }

  static func readSite(_ folders: SiteFolders, makeSecrets: Bool) throws -> Site {
    do {
      return try Site.read(
        folder: folders.site, environment: ProcessInfo.processInfo.environment, makeSecrets: makeSecrets,
        integrations: folders.integrations)
    } catch {
      throw Failure.findings(error.list.map(\.description))
    }
  }

  private static func read(
    _ folders: SiteFolders, _ site: Site, proving: Bool
  ) throws -> (installation: Installation, findings: [Finding]) {
    var findings: [Finding] = []
    let rulesFolder = folders.rules ?? site.rulesFolder
    var rules: [SourceText] = []
    for name in try ruleFiles(in: rulesFolder) {
      do {
        let text = try text(at: rulesFolder + "/" + name)
        rules.append(
          SourceText(file: "rules/\(name)", text: text, shared: try shared(by: text, in: rulesFolder, site.model)))
      } catch {
        findings.append(Finding(file: "rules/\(name)", line: nil, message: "\(error)"))
      }
    }
    if rules.isEmpty, findings.isEmpty {
      findings.append(Finding(file: rulesFolder, line: nil, message: noRules))
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: rulesFolder).sorted()
    where name.lowercased().contains(".lua") && !name.hasSuffix(".lua") && !name.hasPrefix(".") && !name.hasSuffix("~")
    {
      findings.append(
        Finding(
          file: "rules/\(name)", line: nil, message: "not read: a rule's file name ends in .lua, in small letters"))
    }
    findings += try unreadClassFiles(in: rulesFolder, site.model, rules)
    var adapters: [String: SourceText] = [:]
    for adapter in site.adapters {
      let path = (folders.integrations ?? site.integrationsFolder) + "/\(adapter.integration)/adapter.lua"
      adapters[adapter.name] = try SourceText(
        file: "integrations/\(adapter.integration)/adapter.lua", text: text(at: path))
    }
    let installation = Installation(site: site, rules: rules, adapters: adapters, folders: folders)
    let compiled = installation.compile(&findings)
    findings += installation.crossCheck(compiled, proving: proving)
    return (installation, findings)
  }

  private static let noRules = "no rules: a rule is a file whose name ends in .lua"

  private static func sorted(_ findings: [Finding]) -> [String] {
    var lines: [String] = []
    // Several rules may have found the same in the file of their class.
    for finding in findings.sorted(by: { ($0.file, $0.line ?? 0) < ($1.file, $1.line ?? 0) })
    where !lines.contains(finding.description) { lines.append(finding.description) }
    return lines
  }

  /// The same with these versions of rules.
  func with(_ rules: [SourceText]) -> Installation {
    Installation(site: site, rules: rules, adapters: adapters, refused: refused, unread: unread, folders: folders)
  }

  package var ruleNames: [String] {
    rules.map(\.rule)
  }

  /// The rules, compiled on the calling thread.
  func compile(_ findings: inout [Finding], calls: CallNote.Place? = nil) -> [Rule] {
    var compiled: [Rule] = []
    for rule in rules {
      do {
        compiled.append(try compile(rule, calls: calls))
      } catch {
        findings += error.list
      }
    }
    return compiled
  }

  /// One of the rules, or another version of one, as this site takes it.
  func compile(_ rule: SourceText, calls: CallNote.Place? = nil) throws(Findings) -> Rule {
    let read = try RuleFile.read(
      text: rule.text, file: rule.file, model: site.model, owners: site.owners.map(\.name), calls: calls,
      role: rule.role, shared: rule.shared)
    let unknown = unknownTimes(read, rule)
    guard unknown.isEmpty else { throw Findings(list: unknown) }
    return read
  }

  /// Calendars and shifts that the rule goes by and the site does not have.
  private func unknownTimes(_ rule: Rule, _ source: SourceText) -> [Finding] {
    let calendars = site.calendars.map(\.name)
    var findings = (rule.during + rule.notDuring).filter { !calendars.contains($0) }.map { name in
      // The reader of rules knows no calendars; in its text the name stands in quotes.
      let lines = source.text.split(separator: "\n", omittingEmptySubsequences: false)
      let line = lines.firstIndex { $0.contains("\"\(name)\"") || $0.contains("'\(name)'") }
      let near = suggestion(for: name, among: calendars)
      return Finding(
        file: source.file, line: line.map { $0 + 1 },
        message: "the site has no calendar '\(name)'"
          + (near.isEmpty ? "; its calendars: \(calendars.isEmpty ? "none" : calendars.joined(separator: ", "))" : near)
      )
    }
    if site.shifts.isEmpty, rule.allReadings.contains(where: { $0.form.window == .this(.shift) }) {
      findings.append(
        Finding(
          file: source.file, line: nil, message: "a reading looks at this \"shift\", and the site has no 'shifts'"))
    }
    return findings
  }

  /// What only shows when site, rules and adapters are seen together.
  func crossCheck(_ compiled: [Rule], proving: Bool) -> [Finding] {
    var findings: [Finding] = []
    for rule in compiled {
      for proof in proving ? proofs(of: rule) : [] {
        guard let failure = proof.run.failures.first else { continue }
        let limits = proof.limits.map { ", with the limits of \($0)" } ?? ""
        findings.append(
          Finding(
            file: "rules/\(rule.name).lua", line: proof.example.line,
            message: "example '\(proof.example.name)'\(limits): \(failure)"))
      }
    }
    for rule in compiled {
      let objections = rule.objections(at: site.prices, people: site.people.map(\.id), model: site.model)
      guard !objections.isEmpty else { continue }
      let file = "rules/\(rule.plainName).lua"
      let text = rules.first { $0.file == file && $0.role == rule.role }?.text ?? ""
      for objection in objections {
        findings.append(
          Finding(file: file, line: RuleFile.line(of: objection.field, in: text), message: objection.why))
      }
    }
    let names = ruleNames
    findings += Rules.findings(
      among: compiled, broken: names.filter { name in !compiled.contains { $0.name == name } })
    for mark in site.tierMarks + site.limitMarks {
      guard names.contains(mark.rule) else {
        findings.append(
          Finding(
            file: mark.file, line: mark.line,
            message: "no rule is named '\(mark.rule)'\(suggestion(for: mark.rule, among: names))"))
        continue
      }
      guard let limit = mark.limit, let rule = compiled.first(where: { $0.name == mark.rule }) else { continue }
      let limits = rule.limits.map(\.name)
      func refuse(_ message: String) {
        findings.append(Finding(file: mark.file, line: mark.line, message: message))
      }
      guard let known = rule.limits.first(where: { $0.name == limit }) else {
        refuse("rule '\(rule.name)' has no limit '\(limit)'\(suggestion(for: limit, among: limits))")
        continue
      }
      if let value = mark.value, let refusal = known.refusal(of: value) {
        refuse("limit '\(limit)' of rule '\(rule.name)': \(value.written) \(refusal)")
      }
    }
    findings += withoutConduit(compiled)
    for adapter in site.adapters {
      guard let source = adapters[adapter.name] else { continue }
      do {
        let code = try AdapterScript(text: source.text, file: source.file)
        do throws(DeliveryError) {
          _ = try Credentials(code.authorisation, settings: adapter)
        } catch {
          // A generated secret that is not there yet is made at the first run.
          if case .noSecret = error {
          } else {
            findings.append(Finding(file: source.file, line: nil, message: "adapter '\(adapter.name)': \(error)"))
          }
        }
        let routed = ActionKind.allCases.filter { kind in
          site.policy.routes.contains { $0.kind == kind && $0.adapter == adapter.name }
        }
        let acts = routed.contains { kind in site.policy.tiers.contains { $0.tier == .act && ($0.kind ?? kind) == kind }
        }
        if acts, !code.isIdempotent, !code.skills.contains(.lookUp) {
          findings.append(
            Finding(
              file: source.file, line: nil,
              message:
                "the site lets '\(adapter.name)' act, but this adapter is not idempotent and cannot look up what it made: a second try could make a second order; lower the tier to advise"
            ))
        }
      } catch {
        findings.append(error)
      }
    }
    return findings
  }

  /// An adapter's secrets as the site gives them now; nil when the site cannot be read any more.
  func secretsAgain(of adapter: String) -> [String: Secret]? {
    let again = try? Site.read(
      folder: folders.site, environment: ProcessInfo.processInfo.environment, makeSecrets: false,
      integrations: folders.integrations)
    return again?.adapters.first { $0.name == adapter }?.secrets
  }

  /// Over everything that decides beside the data.
  package var hash: Rules.Digest {
    var hash = SHA256()
    hash.update(data: Data(site.fingerprint.utf8))
    for rule in rules {
      hash.update(data: Data("\(rule.name)\n\(rule.text.utf8.count)\n".utf8))
      hash.update(data: Data(rule.text.utf8))
      if let shared = rule.shared {
        hash.update(data: Data("\n\(shared.file)\n\(shared.text.utf8.count)\n\(shared.text)".utf8))
      }
    }
    return Rules.Digest(
      hex: hash.finalize().map { byte in
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
      }.joined())
  }

  /// The texts the hash stands for, to be stored once in the ledger.
  var texts: [(name: String, text: String)] {
    [("site", site.fingerprint), ("site.yaml", site.texts.site), ("assets.yaml", site.texts.assets)]
      + rules.flatMap(\.texts)
  }

  /// What decided last, as a ledger has it; nil when nothing has yet. Throws as `recorded` does.
  static func deciding(_ reader: LedgerReader, _ folders: SiteFolders) throws -> Installation? {
    try reader.configurations().last.map { try recorded(reader.versions(), hash: $0.hash, folders) }
  }

  /// What once decided under `hash`, from the texts that were stored for it. Throws when they are not all there, or are
  /// not understood as they were.
  static func recorded(
    _ texts: [(name: String, text: String)], hash: Rules.Digest, _ folders: SiteFolders
  ) throws -> Installation {
    func text(_ name: String) -> String? { texts.first { $0.name == name }?.text }
    guard let siteText = text("site.yaml"), let assetsText = text("assets.yaml") else {
      throw Failure.cannot("its site is not in the ledger")
    }
    let site: Site
    do {
      site = try Site.read(
        SiteTexts(site: siteText, assets: assetsText), of: folders.site, integrations: folders.integrations)
    } catch {
      throw Failure.cannot("its site is not understood any more: \(error.list.first?.description ?? "")")
    }
    let rules = SourceText.all(in: texts).sorted { $0.name < $1.name }
    let installation = Installation(site: site, rules: rules, adapters: [:], folders: folders)
    guard installation.hash == hash else { throw Failure.cannot("its files are understood otherwise today") }
    return installation
  }

  /// Compiles the rules on the calling thread; `calls` is its place in the note of calls.
  package func configuration(calls: CallNote.Place? = nil) throws -> Configuration {
    var findings: [Finding] = []
    let compiled = compile(&findings, calls: calls)
    guard findings.isEmpty else { throw Failure.findings(findings.map(\.description)) }
    return Configuration(
      hash: hash, model: site.model, rules: compiled, policy: site.policy, sources: site.sources.map(\.settings),
      zone: site.zone, calendars: site.calendars, shifts: site.shifts, prices: site.prices)
  }

  // MARK: Files

  /// Names of the files that are rules, sorted.
  private static func ruleFiles(in folder: String) throws -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw Failure.cannot(
        "cannot read the rules in \(folder): no such folder, or not readable; name another with --rules")
    }
    return names.filter { $0.hasSuffix(".lua") && !$0.hasPrefix(".") }.sorted()
  }

  static let classesFolder = "classes"

  /// The file of the class that a rule's text names; nil where that has none.
  static func shared(by rule: String, in rulesFolder: String, _ model: Model) throws -> SharedText? {
    guard let assetClass = RuleFile.appliesTo(rule), model.classes.contains(where: { $0.name == assetClass }) else {
      return nil
    }
    let name = "\(classesFolder)/\(assetClass).lua"
    guard FileManager.default.fileExists(atPath: rulesFolder + "/" + name) else { return nil }
    return SharedText(file: "rules/" + name, text: try text(at: rulesFolder + "/" + name))
  }

  /// What is wrong with the files of classes that none of the rules reads: named for no class, or not to be read.
  private static func unreadClassFiles(
    in rulesFolder: String, _ model: Model, _ rules: [SourceText]
  ) throws -> [Finding] {
    let path = rulesFolder + "/" + classesFolder
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let known = model.classes.map(\.name)
    var findings: [Finding] = []
    for name in try ruleFiles(in: path).map({ String($0.dropLast(4)) }) {
      let file = "rules/\(classesFolder)/\(name).lua"
      if rules.contains(where: { $0.shared?.file == file }) { continue }
      guard known.contains(name) else {
        let near = suggestion(for: name, among: known)
        findings.append(
          Finding(
            file: file, line: nil,
            message: "the site has no class '\(name)'"
              + (near.isEmpty ? "; the file is named for one of \(known.joined(separator: ", "))" : near)))
        continue
      }
      do {
        try SharedText(file: file, text: text(at: path + "/\(name).lua")).check(of: name, in: model)
      } catch let wrong as Findings {
        findings += wrong.list
      } catch {
        findings.append(Finding(file: file, line: nil, message: "\(error)"))
      }
    }
    return findings
  }

  static func text(at path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure.cannot("cannot read \(path): no such file, or not readable")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw Failure.findings(["\(path): not UTF-8; save it as UTF-8"])
    }
    return text
  }
}

extension Installation.SourceText {
  private static let shadow = " (shadowing)"

  /// Name of the rule, without its role.
  var rule: String { URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent }

  /// As the ledger has it: the file, and the role of a version that only shadows.
  var name: String { role == .acting ? file : file + Self.shadow }

  /// What its logic is, whatever the site says of classes and owners. Throws what is wrong with it.
  var logicHash: Rules.Digest {
    get throws(Findings) { try RuleFile.read(text: text, file: file, shared: shared).logicHash }
  }

  private static let ofClass = "class of "

  /// As the ledger has it: its own text, and that of its class beside it, which may be another for another version.
  var texts: [(name: String, text: String)] {
    [(name, text)] + (shared.map { [(Self.ofClass + name, $0.file + "\n" + $0.text)] } ?? [])
  }

  /// The rules among the texts of a configuration.
  static func all(in texts: [(name: String, text: String)]) -> [Self] {
    texts.filter { $0.name.hasPrefix("rules/") }.map { name, text in
      let isShadow = name.hasSuffix(Self.shadow)
      let shared = texts.first { $0.name == Self.ofClass + name }.map { entry in
        let file = entry.text.prefix { $0 != "\n" }
        return SharedText(file: String(file), text: String(entry.text.dropFirst(file.count + 1)))
      }
      return Self(
        file: isShadow ? String(name.dropLast(Self.shadow.count)) : name, text: text,
        role: isShadow ? .shadowing : .acting, shared: shared)
    }
  }
}
