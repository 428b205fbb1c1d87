import Foundation
import Rules
import Site

extension Installation {
  /// The same site with these rules only, and those they look at: names of its rules, or paths of rule files that need
  /// not be among the site's. All of them for an empty list. `wanted` are the names that were asked for.
  func choosing(_ rules: [String]) throws -> (Installation, wanted: Set<String>) {
    guard !rules.isEmpty else { return (self, Set(ruleNames)) }
    var all = self.rules
    var wanted: Set<String> = []
    for rule in rules {
      guard rule.hasSuffix(".lua") else {
        guard ruleNames.contains(rule) else {
          throw Failure.findings([
            "no rule is named '\(rule)'\(suggestion(for: rule, among: ruleNames)); a file that is not among the site's "
              + "rules is given by its path, which ends in .lua"
          ])
        }
        wanted.insert(rule)
        continue
      }
      let file = "rules/" + URL(fileURLWithPath: rule).lastPathComponent
      // In place of the site's own version, if it has one.
      all.removeAll { $0.file == file }
      let text = try Installation.text(at: rule)
      let shared = try Installation.shared(by: text, in: folders.rules ?? site.rulesFolder, site.model)
      all.append(SourceText(file: file, text: text, shared: shared))
      wanted.insert(URL(fileURLWithPath: rule).deletingPathExtension().lastPathComponent)
    }
    all.sort { $0.file < $1.file }
    let whole = Installation(site: site, rules: all, adapters: adapters, folders: folders)
    var findings: [Finding] = []
    let compiled = whole.compile(&findings)
    findings += whole.crossCheck(compiled, proving: true)
    guard findings.isEmpty else { throw Failure.findings(findings.map(\.description)) }
    let needed = Installation.names(wanted, of: compiled)
    let chosen = all.filter { needed.contains(URL(fileURLWithPath: $0.file).deletingPathExtension().lastPathComponent) }
    return (Installation(site: site, rules: chosen, adapters: adapters, folders: folders), wanted)
  }

  /// These rules and all whose conditions they look at.
  private static func names(_ wanted: Set<String>, of rules: [Rule]) -> Set<String> {
    var names = wanted
    var left = Array(wanted)
    while let name = left.popLast() {
      guard let rule = rules.first(where: { $0.name == name }) else { continue }
      for reading in rule.readings + rule.calculations.flatMap(\.readings) {
        switch reading.form {
        case .active(let other), .fired(let other, _):
          if names.insert(other).inserted { left.append(other) }
        default: break
        }
      }
    }
    return names
  }
}
