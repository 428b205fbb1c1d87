import Crypto
import Delivery
import Foundation
import Ledger
import Rules
import Scripting
import Site

// The files of a site, read and checked as a whole.
extension Installation {
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
