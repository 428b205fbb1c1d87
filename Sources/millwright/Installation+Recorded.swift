import Crypto
import Delivery
import Foundation
import Ledger
import Rules
import Scripting
import Site

// As the ledger has it: texts under a hash, and what is made of them again.
extension Installation {
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

  /// Compiles the rules on the calling thread; `calls` is its place in the note of calls. `clocked`: calls are bounded in
  /// time, as where an input is decided for the first time.
  package func configuration(calls: CallNote.Place? = nil, clocked: Bool = true) throws -> Configuration {
    var findings: [Finding] = []
    let compiled = compile(&findings, calls: calls, clocked: clocked)
    guard findings.isEmpty else { throw Failure.findings(findings.map(\.description)) }
    return Configuration(
      hash: hash, model: site.model, rules: compiled, policy: site.policy, sources: site.sources.map(\.settings),
      zone: site.zone, calendars: site.calendars, shifts: site.shifts, prices: site.prices)
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
