import Foundation
import Ledger
import Rules
import Scripting
import Site

/// One version of a rule, and what it does at the moment.
struct RuleVersion {
  enum Standing: String {
    case acting
    /// Decides in shadow beside the one that acts, until a person releases it.
    case shadowing
    /// The file says so, and nothing decides by it yet.
    case new
  }
  var rule: Rule
  var standing: Standing

  /// What decides, by the ledger, and what the files say that does not; by name, what decides first.
  static func all(_ installation: Installation) throws -> [RuleVersion] {
    let deciding = try deciding(installation)
    var versions = deciding.compactMap { source in
      (try? installation.compile(source)).map {
        RuleVersion(rule: $0, standing: source.role == .acting ? .acting : .shadowing)
      }
    }
    for source in installation.rules
    where !deciding.contains(where: {
      $0.file == source.file && $0.text == source.text && $0.shared == source.shared
    }) {
      do {
        let rule = try installation.compile(source)
        // The file of its class may have changed in what it does not read.
        let isKnown = versions.contains {
          $0.rule.plainName == rule.plainName && $0.rule.textHash == rule.textHash && $0.standing != .new
        }
        if !isKnown { versions.append(RuleVersion(rule: rule, standing: .new)) }
      } catch {
        throw Failure.findings(error.list.map(\.description))
      }
    }
    return versions.enumerated().sorted {
      ($0.element.rule.plainName, $0.offset) < ($1.element.rule.plainName, $1.offset)
    }
    .map(\.element)
  }

  /// Where the rules are called on some asset no more, in words for people; what is quarantined on most first.
  static func quarantined(_ installation: Installation) throws -> [String] {
    let path = installation.site.stateFolder + "/ledger.sqlite"
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let conditions: [ConditionRecord]
    do {
      conditions = try LedgerReader(path: path).conditions()
    } catch {
      throw Failure.cannot("\(error)")
    }
    let counts = Dictionary(grouping: conditions.filter { $0.phase == "quarantined" }, by: \.rule).mapValues(\.count)
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { rule, count in
      "rule '\(rule)' is quarantined on \(count) asset\(count == 1 ? "" : "s"): not called there until its text changes"
    }
  }

  /// Nothing before the first start.
  private static func deciding(_ installation: Installation) throws -> [Installation.SourceText] {
    let path = installation.site.stateFolder + "/ledger.sqlite"
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    do {
      return Installation.SourceText.all(in: try LedgerReader(path: path).versions())
    } catch {
      throw Failure.cannot("\(error)")
    }
  }
}
