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

  /// The same with these versions of rules.
  func with(_ rules: [SourceText]) -> Installation {
    Installation(site: site, rules: rules, adapters: adapters, refused: refused, unread: unread, folders: folders)
  }

  package var ruleNames: [String] {
    rules.map(\.rule)
  }

  /// The rules, compiled on the calling thread.
  func compile(_ findings: inout [Finding], calls: CallNote.Place? = nil, clocked: Bool = true) -> [Rule] {
    var compiled: [Rule] = []
    for rule in rules {
      do {
        compiled.append(try compile(rule, calls: calls, clocked: clocked))
      } catch {
        findings += error.list
      }
    }
    return compiled
  }

  /// One of the rules, or another version of one, as this site takes it.
  func compile(_ rule: SourceText, calls: CallNote.Place? = nil, clocked: Bool = true) throws(Findings) -> Rule {
    let read = try RuleFile.read(
      text: rule.text, file: rule.file, model: site.model, owners: site.owners.map(\.name), calls: calls,
      clocked: clocked, role: rule.role, shared: rule.shared)
    let unknown = unknownTimes(read, rule)
    guard unknown.isEmpty else { throw Findings(list: unknown) }
    return read
  }

  /// An adapter's secrets as the site gives them now; nil when the site cannot be read any more.
  func secretsAgain(of adapter: String) -> [String: Secret]? {
    let again = try? Site.read(
      folder: folders.site, environment: ProcessInfo.processInfo.environment, makeSecrets: false,
      integrations: folders.integrations)
    return again?.adapters.first { $0.name == adapter }?.secrets
  }
}
